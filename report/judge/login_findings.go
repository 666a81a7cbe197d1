// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"

	"exreach/probe/protocol"
)

// logins are what came of the credentials; none where nobody logs in.
func (s seen) logins() protocol.Logins {
	if s.Peer == nil {
		return nil
	}
	return s.Peer.Logins
}

func credentialsRefused(s seen) bool {
	_, refused := s.logins().Refused()
	return refused
}

func sayCredentialsRefused(s seen) (text, hint string) {
	refused, _ := s.logins().Refused()
	return fmt.Sprintf("The service works but refuses the credentials (%s): %s", refused.Method, sentence(refused.Said)),
		"Check that the name and the password are right, and that the account is not locked and may log in here. They were not tried again on this host."
}

// credentialsUnused: no login was accepted and none refused, so that they prove
// nothing.
func credentialsUnused(s seen) bool {
	return len(s.logins()) > 0 && !s.logins().Accepted() && !credentialsRefused(s)
}

func sayCredentialsUnused(s seen) (text, hint string) {
	return fmt.Sprintf("The credentials prove nothing here: %s", sentence(s.logins().String())),
		"A password is sent only inside TLS 1.2 or 1.3, to a server whose certificate proves its name, and never again once the host has refused it. The text above says what is missing."
}
