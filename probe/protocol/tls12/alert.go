// SPDX-License-Identifier: Apache-2.0

package tls12

// The alerts of TLS that we send, or that tell something (RFC 8446 section 6,
// RFC 5246 section 7.2).
const (
	AlertCloseNotify         = 0
	AlertUnexpectedMessage   = 10
	AlertBadRecordMAC        = 20
	AlertRecordOverflow      = 22
	AlertHandshakeFailure    = 40
	AlertNoCertificate       = 41 // of SSL 3.0; the first of those about the certificate of the peer
	AlertUnknownCertificate  = 46 // the last of these, but for 48
	AlertIllegalParameter    = 47
	AlertUnknownAuthority    = 48
	AlertAccessDenied        = 49
	AlertDecodeError         = 50
	AlertProtocolVersion     = 70
	AlertInsufficient        = 71 // insufficient security
	AlertInternalError       = 80
	AlertNoRenegotiation     = 100
	AlertUnrecognizedName    = 112
	AlertCertificateRequired = 116
)
