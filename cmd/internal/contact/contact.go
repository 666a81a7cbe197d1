// SPDX-License-Identifier: Apache-2.0

// Package contact is how the two ends of a link tell each other what they saw. The far end,
// a stand-in, answers over any of its TCP ports (Desk); the near end, a checker, reaches it
// there and asks its questions again with its tape running (Stage). Both prove that they
// know one code.
//
// A contact is TLS 1.3 with an application protocol of its own (ALPN), and in it lines of
// JSON. Each end proves the code with an HMAC over the nonces of both and the exporter of
// the TLS connection (RFC 9266): a proxy that opens TLS has two connections with two
// exporters, passes no proof on, and learns nothing of the code. Each end takes the other
// for hostile until it has proved the code, and bounds what it reads after that, too.
//
// It has no words for people but those of its errors; package console has the others.
package contact

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"exreach/probe/far"
)

// Bounds of a contact.
const (
	lineLimit    = 4 << 10          // bytes of any line until both have proved the code
	answerLimit  = 16 << 20         // bytes of an answer
	requestLimit = 256 << 10        // bytes of a request
	proofTime    = 10 * time.Second // for everything until both have proved the code, without the delay of a refusal
	requestTime  = 30 * time.Second // for a request and its answer
	idleTime     = 60 * time.Second // between two requests
	mostRequests = 64               // in a contact
	nonceBytes   = 32
)

// A hello begins a contact, from both ends.
type hello struct {
	Nonce []byte `json:"nonce"`
}

// A proof follows it: the near end's first. A refusal is all that the far end says to
// anything else, whatever is wrong with it.
type proof struct {
	Proof   []byte `json:"proof,omitempty"`
	Refused bool   `json:"refused,omitempty"`
}

// A request is what the near end asks once both have proved the code.
type request struct {
	Do     string  `json:"do"`
	Token  string  `json:"token,omitempty"`  // that the far end gave; of all but doBegin
	Return *Return `json:"return,omitempty"` // of doReturn
}

// The requests.
const (
	doBegin  = "begin"  // from now on look for a new token; the answer is a welcome with it
	doReturn = "return" // check back; the answer has a report
	doRecord = "record" // what arrived; the answer is a welcome with the arrivals
)

// An answer is what the far end says to a request. Record has its state, and after doRecord
// what arrived from the near end.
type answer struct {
	You    string          `json:"you,omitempty"`   // the near end's address and port, as the far end sees them
	Token  string          `json:"token,omitempty"` // of doBegin
	Record json.RawMessage `json:"record,omitempty"`
	Report json.RawMessage `json:"report,omitempty"` // of doReturn
	Error  string          `json:"error,omitempty"`  // why the request was not met; the other fields are absent then
}

// prove returns the proof of one end: near or far.
func prove(code Code, end string, near, far hello, state tls.ConnectionState) ([]byte, error) {
	exporter, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil, fmt.Errorf("bind the proof to the TLS connection: %w", err)
	}
	key, err := code.key()
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte("exreach contact 1 " + end), near.Nonce, far.Nonce, exporter} {
		mac.Write(part) // never fails
	}
	return mac.Sum(nil), nil
}

// A line is a TLS connection on which both ends send lines of JSON.
type line struct {
	conn *tls.Conn
	in   *bufio.Reader
}

func newLine(conn *tls.Conn) *line { return &line{conn, bufio.NewReaderSize(conn, lineLimit)} }

// errTooLong says that the other end sent a longer line than there is.
var errTooLong = errors.New("the other end of the contact sent more than it should")

// receive reads a line of at most limit bytes and decodes it.
func (l *line) receive(limit int, into any) error {
	var text []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(text)+len(part) > limit {
			return errTooLong
		}
		text = append(text, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the other end of the contact sent what is no part of one: %w", err)
	}
	return nil
}

// send writes a value as a line.
func (l *line) send(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(append(text, '\n'))
	return err
}

// within bounds what follows, and ends it when ctx ends. The caller calls done.
func within(ctx context.Context, conn net.Conn, limit time.Duration) (done func()) {
	_ = conn.SetDeadline(time.Now().Add(limit))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// head returns a record without its arrivals.
func head(r far.Record) far.Record {
	r.Arrivals, r.More = nil, 0
	return r
}
