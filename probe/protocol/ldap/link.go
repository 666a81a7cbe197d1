// SPDX-License-Identifier: Apache-2.0

package ldap

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

// A Link is the connection that go-ldap reads and writes. It hands go-ldap only whole,
// checked answers to our requests. It remembers the first error, because go-ldap turns
// errors into text: see Cause. Go-ldap reads and writes on goroutines of its own; they
// end with Close.
type Link struct {
	net.Conn
	frames *Frames
	rest   []byte       // of the answer that is being handed over
	sent   atomic.Int64 // requests, and so the highest message ID: go-ldap counts from 1

	asked atomic.Int64     // the message ID of a request that go-ldap knows nothing of; 0 where none is under way
	own   chan *ber.Packet // the answer to that request; closed when nothing more can come
	ended sync.Once

	mu  sync.Mutex
	err error // the first error of the connection, or what was wrong with an answer
}

// NewLink makes the link between go-ldap and conn.
func NewLink(conn net.Conn) *Link {
	return &Link{Conn: conn, frames: NewFrames(conn), own: make(chan *ber.Packet, 1)}
}

func (w *Link) Write(b []byte) (int, error) {
	w.sent.Add(1)
	n, err := w.Conn.Write(b)
	return n, w.remember(err)
}

func (w *Link) Read(b []byte) (int, error) {
	for len(w.rest) == 0 {
		answer, err := w.Answer()
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
		id, op, _ := Parts(answer)
		if w.asked.CompareAndSwap(id, 0) {
			w.own <- answer
			continue
		}
		w.rest = Message(id, op).Bytes()
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// answers are the operations that only servers send (RFC 4511, section 4).
var answers = []ber.Tag{
	ldap.ApplicationBindResponse,
	ldap.ApplicationSearchResultEntry,
	ldap.ApplicationSearchResultDone,
	ldap.ApplicationSearchResultReference,
	ldap.ApplicationExtendedResponse,
	ldap.ApplicationIntermediateResponse,
}

// Answer returns the next answer to a request of ours. It skips notices, but that of
// disconnection is an error, and so is any other message: go-ldap would skip it and wait
// on, so a wrong server would look silent.
func (w *Link) Answer() (*ber.Packet, error) {
	for {
		message, err := w.frames.Next()
		if err != nil {
			return nil, err
		}
		switch id, op, _ := Parts(message); {
		case op.TagType != ber.TypeConstructed || !slices.Contains(answers, op.Tag):
			return nil, Mismatch("an LDAP message that is not an answer")
		case id > w.sent.Load():
			return nil, Mismatch("an LDAP answer to what was not asked")
		case id > 0:
			return message, nil
		}
		if err := disconnection(message); err != nil {
			return nil, err
		}
	}
}

// disconnection returns the reason in a notice of disconnection (RFC 4511, section
// 4.4.1) as an error, and nil for any other message that answers no request.
func disconnection(message *ber.Packet) error {
	_, op, _ := Parts(message)
	for _, part := range op.Children {
		if part.ClassType == ber.ClassContext && part.Tag == 10 && part.Data.String() == DisconnectionOID {
			return Outcome(ldap.GetLDAPError(message))
		}
	}
	return nil
}

// Object identifiers of extended operations.
const (
	StartTLSOID      = "1.3.6.1.4.1.1466.20037" // RFC 4511, section 4.14
	DisconnectionOID = "1.3.6.1.4.1.1466.20036"
)

// Outcome translates the error that go-ldap makes of an answer: to nil, to a *Refusal,
// or to a *MismatchError where the answer has the wrong parts.
func Outcome(err error) error {
	var result *ldap.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &result) || result.ResultCode >= ldap.ErrorNetwork:
		return Mismatch("an answer with the wrong parts")
	}
	text := ldap.LDAPResultCodeMap[result.ResultCode]
	if said := strings.TrimRight(result.Err.Error(), "\x00 \r\n"); said != "" { // Active Directory ends its text with NUL
		text += ": " + said
	}
	return &Refusal{Code: int(result.ResultCode), Text: text}
}

// Cause returns why a call of go-ldap on this link failed: the Outcome of its answer, or
// the first error of the connection. A nil err stays nil.
func (w *Link) Cause(err error) error {
	var result *ldap.Error
	if err == nil || errors.Is(err, ldap.ErrMalformedPacket) || errors.As(err, &result) && result.Packet != nil {
		return Outcome(err)
	}
	if first := w.failure(); first != nil {
		return first
	}
	return err
}

// failure returns the first error, if there was one.
func (w *Link) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// remember keeps err if it is the first error, and returns it.
func (w *Link) remember(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return err
}

// A Refusal is an LDAP result that is not success.
type Refusal struct {
	Code int
	Text string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s", r.Code, r.Text) }

// windowsNumber finds the Windows error behind a result, with which the text of Active
// Directory begins (MS-ADTS section 3.1.1.3.1.9).
var windowsNumber = regexp.MustCompile(`: ([0-9A-Fa-f]{8}): `)

// WindowsError returns the number of the Windows error behind the result, eight hex
// digits, or "" where the text has none.
func (r *Refusal) WindowsError() string {
	if found := windowsNumber.FindStringSubmatch(r.Text); found != nil {
		return found[1]
	}
	return ""
}

// Ask sends a bind that go-ldap cannot make, and returns the answer. No request of
// go-ldap's may be under way.
func (w *Link) Ask(op *ber.Packet) (*ber.Packet, error) {
	id := w.sent.Load() + 1
	w.asked.Store(id)
	if _, err := w.Write(Message(id, op).Bytes()); err != nil {
		return nil, fmt.Errorf("sending a bind: %w", err)
	}
	answer, ok := <-w.own
	if !ok {
		return nil, fmt.Errorf("waiting for the answer to a bind: %w", w.failure())
	}
	return answer, nil
}
