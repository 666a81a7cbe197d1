// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/probe/protocol"
)

// refusedLogin is where among the logins the server refused the credentials; -1
// where it did not.
func (s seen) refusedLogin() int {
	if s.Peer == nil {
		return -1
	}
	return slices.IndexFunc(s.Peer.Logins, func(l protocol.Login) bool { return l.Outcome != protocol.Accepted })
}

func credentialsRefused(s seen) bool { return s.refusedLogin() >= 0 }

func sayCredentialsRefused(s seen) (text, hint string) {
	refused := s.Peer.Logins[s.refusedLogin()]
	return fmt.Sprintf("The service works but refuses the credentials (%s): %s", refused.Method, sentence(refused.Said)),
		"Check that the name and the password are right, and that the account is not locked and may log in here. They were not tried again on this host."
}

// credentialsUnused: no login was accepted and none refused, so that they prove
// nothing.
func credentialsUnused(s seen) bool {
	_, wanted := s.fact("auth")
	return wanted && len(s.Peer.Logins) == 0
}

func sayCredentialsUnused(s seen) (text, hint string) {
	why, _ := s.fact("auth")
	return fmt.Sprintf("The credentials prove nothing here: %s", sentence(why)),
		"A password is sent only inside TLS 1.2 or 1.3, to a server whose certificate proves its name, and never again once the host has refused it. The text above says what is missing."
}
