// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// A ldapWire is the connection that go-ldap reads and writes. It hands over
// nothing but whole, checked answers to what was asked, and it remembers the
// cause of an end, which go-ldap turns into text. Go-ldap reads and writes on
// goroutines of its own; they end with Close.
type ldapWire struct {
	net.Conn
	frames *ldapFrames
	rest   []byte       // of the answer that is being handed over
	sent   atomic.Int64 // requests, and so the highest message ID: go-ldap counts from 1

	asked atomic.Int64     // the message ID of a request that go-ldap knows nothing of; 0 where none is under way
	own   chan *ber.Packet // the answer to it; closed when nothing more can come
	ended sync.Once

	mu  sync.Mutex
	err error // the first error of the connection, or what was wrong with an answer
}

func newLDAPWire(conn net.Conn) *ldapWire {
	return &ldapWire{Conn: conn, frames: newLDAPFrames(conn), own: make(chan *ber.Packet, 1)}
}

func (w *ldapWire) Write(b []byte) (int, error) {
	w.sent.Add(1)
	n, err := w.Conn.Write(b)
	return n, w.remember(err)
}

func (w *ldapWire) Read(b []byte) (int, error) {
	for len(w.rest) == 0 {
		answer, err := w.answer()
		if err != nil {
			err = w.remember(err)
			w.ended.Do(func() { close(w.own) })
			// Go-ldap closes as well, but not while a request is being written,
			// and a peer that is something else may never read that.
			w.Conn.Close()
			return 0, err
		}
		// Controls stay behind. None was asked for, and go-ldap decodes the BER
		// inside their values, which the frames have not checked.
		id, op, _ := ldapParts(answer)
		if w.asked.CompareAndSwap(id, 0) {
			w.own <- answer
			continue
		}
		w.rest = ldapMessage(id, op).Bytes()
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// ldapAnswers are the operations that only servers send (RFC 4511, section 4).
var ldapAnswers = []ber.Tag{
	ldap.ApplicationBindResponse,
	ldap.ApplicationSearchResultEntry,
	ldap.ApplicationSearchResultDone,
	ldap.ApplicationSearchResultReference,
	ldap.ApplicationExtendedResponse,
	ldap.ApplicationIntermediateResponse,
}

// answer returns the next answer to a request of ours. Go-ldap would pass over
// anything else and wait on, so that a wrong server looked like a silent one.
func (w *ldapWire) answer() (*ber.Packet, error) {
	for {
		message, err := w.frames.next()
		if err != nil {
			return nil, err
		}
		switch id, op, _ := ldapParts(message); {
		case op.TagType != ber.TypeConstructed || !slices.Contains(ldapAnswers, op.Tag):
			return nil, notLDAP("an LDAP message that is not an answer")
		case id > w.sent.Load():
			return nil, notLDAP("an LDAP answer to what was not asked")
		case id > 0:
			return message, nil
		}
		if err := disconnection(message); err != nil {
			return nil, err
		}
	}
}

// disconnection returns the reason of a notice of disconnection (RFC 4511,
// section 4.4.1), and nil for any other message that answers no request.
func disconnection(message *ber.Packet) error {
	_, op, _ := ldapParts(message)
	for _, part := range op.Children {
		if part.ClassType == ber.ClassContext && part.Tag == 10 && part.Data.String() == ldapDisconnection {
			return ldapOutcome(ldap.GetLDAPError(message))
		}
	}
	return nil
}

// Object identifiers of extended operations.
const (
	ldapStartTLS      = "1.3.6.1.4.1.1466.20037" // RFC 4511, section 4.14
	ldapDisconnection = "1.3.6.1.4.1.1466.20036"
)

// ldapOutcome makes of go-ldap's error for an answer what it means here: nil, a
// *ldapRefusal, or a *MismatchError where the answer has the wrong parts.
func ldapOutcome(err error) error {
	var result *ldap.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &result) || result.ResultCode >= ldap.ErrorNetwork:
		return notLDAP("an answer with the wrong parts")
	}
	text := ldap.LDAPResultCodeMap[result.ResultCode]
	if said := strings.TrimRight(result.Err.Error(), "\x00 \r\n"); said != "" { // Active Directory ends its text with NUL
		text += ": " + said
	}
	return &ldapRefusal{code: int(result.ResultCode), text: text}
}

// cause returns why a call of go-ldap on this wire failed.
func (w *ldapWire) cause(err error) error {
	var result *ldap.Error
	if err == nil || errors.Is(err, ldap.ErrMalformedPacket) || errors.As(err, &result) && result.Packet != nil {
		return ldapOutcome(err)
	}
	if first := w.failure(); first != nil {
		return first
	}
	return err
}

// failure is the first error, if there was one.
func (w *ldapWire) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// remember keeps the first error.
func (w *ldapWire) remember(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return err
}

// A ldapRefusal is an LDAP result that is not success.
type ldapRefusal struct {
	code int
	text string
}

func (r *ldapRefusal) Error() string { return fmt.Sprintf("%d %s", r.code, r.text) }

// windowsNumber begins the text of Active Directory: the error of Windows behind
// the result (MS-ADTS section 3.1.1.3.1.9).
var windowsNumber = regexp.MustCompile(`: ([0-9A-Fa-f]{8}): `)

func (r *ldapRefusal) windowsError() string {
	if found := windowsNumber.FindStringSubmatch(r.text); found != nil {
		return found[1]
	}
	return ""
}
