// SPDX-License-Identifier: Apache-2.0

package probe

import "fmt"

// A tlsError is TLS that failed: the handshake, or a record of the conversation
// behind it.
type tlsError struct {
	err               error
	after             bool // the handshake had been done
	certificateWanted bool // in the midst of the conversation, and we had none
}

func (e *tlsError) Error() string {
	switch {
	case e.certificateWanted:
		return fmt.Sprintf("the server asked for a client certificate in the midst of the conversation, and there is none: %v", e.err)
	case e.after:
		return fmt.Sprintf("TLS, after the handshake: %v", e.err)
	}
	return fmt.Sprintf("TLS handshake: %v", e.err)
}

func (e *tlsError) Unwrap() error { return e.err }
