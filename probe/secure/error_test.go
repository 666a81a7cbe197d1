// SPDX-License-Identifier: Apache-2.0

package secure

import (
	"errors"
	"strings"
	"testing"
)

// TestErrorWithoutTypes: what crypto/tls says of an unexpected message has names of Go in it,
// before and after the handshake.
func TestErrorWithoutTypes(t *testing.T) {
	err := errors.New("tls: received unexpected handshake message of type *tls.certificateMsgTLS13 when waiting for *tls.serverHelloMsg")
	const want = "tls: received unexpected handshake message of type certificate when waiting for serverHello"
	for _, e := range []*Error{{Err: err}, {Err: err, After: true}, {Err: err, CertificateWanted: true}} {
		if got := e.Error(); !strings.HasSuffix(got, want) {
			t.Errorf("%q, want the end %q", got, want)
		}
	}
}
