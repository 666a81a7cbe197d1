// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"regexp"
)

// The fact "auth" is what came of each login: "simple: accepted; ntlm: refused:
// 49 Invalid Credentials".
var (
	loginRefused  = regexp.MustCompile(`(?:^|; )([^:;]+): refused: ([^;]*)`)
	loginAccepted = regexp.MustCompile(`(?:^|; )[^:;]+: accepted(?:;|$)`)
)

// logins is what came of the credentials, "" where none were to be used.
func (s seen) logins() string {
	auth, _ := s.fact("auth")
	return auth
}

func credentialsRefused(s seen) bool { return loginRefused.MatchString(s.logins()) }

func sayCredentialsRefused(s seen) (text, hint string) {
	parts := loginRefused.FindStringSubmatch(s.logins())
	return fmt.Sprintf("The service works but refuses the credentials (%s): %s", parts[1], sentence(parts[2])),
		"Check that the name and the password are right, and that the account is not locked and may log in here. They were not tried again on this host."
}

// credentialsUnused: no login was accepted and none refused, so that they prove
// nothing.
func credentialsUnused(s seen) bool {
	return s.logins() != "" && !credentialsRefused(s) && !loginAccepted.MatchString(s.logins())
}

func sayCredentialsUnused(s seen) (text, hint string) {
	return fmt.Sprintf("The credentials prove nothing here: %s", sentence(s.logins())),
		"A password is sent only inside TLS 1.2 or 1.3, to a server whose certificate proves its name, and never again once the host has refused it: fix these first."
}
