// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"crypto/x509"

	"exreach/probe/protocol"
)

// namedInSubject reports whether a certificate without alternative names, such
// as one of X.509 version 1, has the host for its common name. RFC 9525 section 2
// forbids looking there, and Windows does it.
func namedInSubject(c protocol.Certificate, host string) bool {
	named := x509.Certificate{DNSNames: []string{c.CommonName}}
	return len(c.Names) == 0 && named.VerifyHostname(host) == nil
}
