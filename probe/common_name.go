// SPDX-License-Identifier: Apache-2.0

package probe

import "crypto/x509"

// namedInSubject reports whether a certificate without alternative names, such
// as one of X.509 version 1, has the host for its common name. RFC 9525 section 2
// forbids to look there, and Windows does.
func namedInSubject(cert *x509.Certificate, host string) bool {
	if len(cert.DNSNames) > 0 || len(cert.IPAddresses) > 0 {
		return false
	}
	named := x509.Certificate{DNSNames: []string{cert.Subject.CommonName}}
	return named.VerifyHostname(host) == nil
}
