// SPDX-License-Identifier: Apache-2.0

package secure

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/probe/socket"
)

// An Error is TLS that failed: the handshake, or a record of the conversation
// behind it.
type Error struct {
	Err               error
	After             bool // the handshake had succeeded
	CertificateWanted bool // the server asked for a certificate in the middle of the conversation, and we had none
}

func (e *Error) Error() string {
	switch {
	case e.CertificateWanted && socket.IsTimeout(e.Err):
		return "the server asked for a client certificate in the middle of the conversation, got none, and said nothing more"
	case e.CertificateWanted:
		return "the server asked for a client certificate in the middle of the conversation and got none: " + plain(e.Err)
	case e.After:
		return "TLS, after the handshake: " + plain(e.Err)
	}
	return "TLS handshake: " + plain(e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// goMessage is how crypto/tls names a message of the handshake: *tls.clientHelloMsg.
var goMessage = regexp.MustCompile(`\*tls\.(\w+)Msg(?:TLS13)?`)

// plain is an error of TLS without the types of Go.
func plain(err error) string { return goMessage.ReplaceAllString(err.Error(), "$1") }

// A secured is a connection under TLS, which Handshake returns. It separates what goes
// wrong with TLS from what goes wrong with the conversation.
type secured struct {
	net.Conn
	shown *Shown
	line  net.Conn // below TLS; nil with tls12.Conn, which never sets shown.asked
}

func (c *secured) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.shown.asked.Load() && c.shown.answered.CompareAndSwap(false, true) {
		_ = c.line.SetDeadline(time.Time{}) // the server goes on: the time of the whole conversation holds again
	}
	return n, c.explain(err)
}

func (c *secured) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.explain(err)
}

// CloseWrite sends close_notify, and leaves the connection open for reading.
func (c *secured) CloseWrite() error {
	if under, ok := c.Conn.(*tls.Conn); ok {
		return under.CloseWrite()
	}
	return nil
}

// explain wraps an error of TLS in an Error. It returns errors that connections without
// TLS have, too, as they are, unless the server caused one instead of an answer because it
// got no certificate of ours.
func (c *secured) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case c.shown.asked.Load() && !c.shown.answered.Load():
		return &Error{Err: err, After: true, CertificateWanted: true}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), socket.IsTimeout(err), socket.CauseOf(err) != socket.NoCause:
		return err
	}
	return &Error{Err: err, After: true}
}

// FailureOf returns the failure of TLS that err is; nil where it is none.
func FailureOf(err error) *protocol.TLSFailure {
	var failed *Error
	if !errors.As(err, &failed) {
		return nil
	}
	f := &protocol.TLSFailure{Cause: protocol.TLSBroken}
	var inClear tls.RecordHeaderError
	var op *net.OpError
	switch {
	case failed.CertificateWanted:
		f.Cause = protocol.TLSCertificateWanted
	case errors.As(err, &inClear):
		f.Cause = protocol.TLSInClear
	case errors.As(err, &op) && op.Op == "remote error":
		f.Cause, f.Alert = protocol.TLSAlerted, alertOf(op.Err)
	case errors.As(err, &op) && alertOf(op.Err) == tls12.AlertNoRenegotiation:
		f.Cause = protocol.TLSRenegotiation
	case strings.HasPrefix(failed.Err.Error(), unreadable):
		f.Cause = protocol.TLSUnreadable
	}
	return f
}

// unreadable is how crypto/tls begins its error for a certificate that crypto/x509
// refuses. It has no type for that.
const unreadable = "tls: failed to parse certificate from server"

// alertOf returns the number of the alert that err is; 0 where it is none. crypto/tls
// does not export the type of err, whose text is that of tls.AlertError.
func alertOf(err error) uint8 {
	for n := range 256 {
		if alert := tls.AlertError(n); alert.Error() == err.Error() {
			return uint8(n)
		}
	}
	return 0
}
