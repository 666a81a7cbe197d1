// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"encoding/base32"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"exreach/probe/far"
	"exreach/probe/standin"
)

// A Desk is the far end of all contacts with one listener. Its Serve answers a connection
// on which the contact was chosen. Set the fields before the first call; a Desk must not be
// copied. A caller learns of its own address and token only.
type Desk struct {
	Code Code // without one, every caller is refused

	Record func(source netip.Addr, token string) far.Record         // what the listener saw of a source, or of whoever has the token
	Expect func(source netip.Addr, token string) (forget func())    // from now on the source has proved its address
	Return func(context.Context, Return) (report []byte, err error) // checks back (Returner); nil does not
	Watch  func(Visit)                                              // is told of each contact, maybe by several goroutines at once; nil is told nothing

	mu       sync.Mutex // guards the fields below
	wrong    wrongs
	expected map[caller]*expectation

	returning int // checks back under way
}

// A Visit is a contact, or an attempt at one.
type Visit struct {
	From   netip.AddrPort
	Proved bool // it knew the code
}

// A caller is a near end: where it comes from, and its token.
type caller struct {
	source netip.Addr
	token  string
}

// An expectation is that a caller's questions will come. It outlives the contact in which
// it began, because the record is fetched in another one.
type expectation struct {
	forget func()
	timer  *time.Timer
}

// Bounds on expectations.
const (
	expectFor    = 15 * time.Minute // after the last request of the caller
	mostExpected = 256
)

// Serve holds one contact, until the other side hangs up, is idle for too long, or ctx
// ends. The caller has done the handshake of TLS, and closes conn afterwards. A caller that
// waits has no room in the seat.
func (d *Desk) Serve(ctx context.Context, conn *tls.Conn, from netip.AddrPort, seat *standin.Seat) {
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	l := newLine(conn)
	done := within(ctx, conn, proofTime)
	back, proved := d.hear(l)
	done()
	if d.Watch != nil {
		d.Watch(Visit{from, proved})
	}
	if !proved || d.isLocked(from.Addr()) {
		seat.Leave()
		if !d.delay(ctx, l, from.Addr()) {
			return
		}
	}
	defer within(ctx, conn, requestTime)()
	if !proved {
		_ = l.send(proof{Refused: true})
		return
	}
	full := !seat.Prove()
	switch err := l.send(proof{Proof: back}); {
	case err != nil:
	case full:
		_ = l.send(answer{Error: "the listener holds too many contacts: try again in some minutes"})
	default:
		d.answerAll(ctx, l, from)
	}
}

func (d *Desk) isLocked(source netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wrong.isLocked(source)
}

// hear takes the near end's proof. If that knows the code, it returns the one to send back.
func (d *Desk) hear(l *line) (back []byte, proved bool) {
	var near hello
	if d.Code.IsZero() || l.receive(lineLimit, &near) != nil || len(near.Nonce) != nonceBytes {
		return nil, false
	}
	ours := hello{make([]byte, nonceBytes)}
	_, _ = rand.Read(ours.Nonce) // never fails
	var theirs proof
	if l.send(ours) != nil || l.receive(lineLimit, &theirs) != nil {
		return nil, false
	}
	state := l.conn.ConnectionState()
	want, err := prove(d.Code, "near", near, ours, state)
	if err != nil || !hmac.Equal(want, theirs.Proof) {
		return nil, false
	}
	back, err = prove(d.Code, "far", near, ours, state)
	return back, err == nil
}

// delay waits before an answer, longer for each that a source gets wrong. All wrong codes have
// one answer, and where many of a source wait, the right code waits as they do. It reports
// false if the other side hangs up.
func (d *Desk) delay(ctx context.Context, l *line, source netip.Addr) bool {
	d.mu.Lock()
	delay, over := d.wrong.begin(source, time.Now())
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		over()
	}()
	defer within(ctx, l.conn, delay)()
	_, err := io.CopyN(io.Discard, l.in, lineLimit)
	return errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil // it neither hung up nor sends without end
}

// answerAll answers requests.
func (d *Desk) answerAll(ctx context.Context, l *line, from netip.AddrPort) {
	for range mostRequests {
		var r request
		done := within(ctx, l.conn, idleTime)
		err := l.receive(requestLimit, &r)
		done()
		if err != nil {
			return
		}
		a := d.answer(ctx, r, from, endOf(l.conn).Addr())
		done = within(ctx, l.conn, requestTime)
		err = l.send(a)
		done()
		if err != nil {
			return
		}
	}
}

// answer makes the answer to one request.
func (d *Desk) answer(ctx context.Context, r request, from netip.AddrPort, here netip.Addr) answer {
	if r.Do == doBegin {
		who := caller{from.Addr(), newToken()}
		if !d.expect(who) {
			return answer{Error: "the listener has contacts with too many checkers: wait some minutes, or start it again"}
		}
		a := answerOf(from, head(d.Record(who.source, who.token)))
		a.Token = who.token
		return a
	}
	who := caller{from.Addr(), r.Token}
	if !d.keep(who) {
		return answer{Error: "the listener did not give this machine the token of the request, or has forgotten it: check again"}
	}
	switch r.Do {
	case doReturn:
		return d.back(ctx, who.source, here, r)
	case doRecord:
		return answerOf(from, d.Record(who.source, who.token))
	}
	return answer{Error: "this version of exreach does not know the request"}
}

func answerOf(from netip.AddrPort, r far.Record) answer {
	text, err := json.Marshal(r)
	if err != nil || len(text) > answerLimit-lineLimit {
		return answer{Error: "the listener has recorded more than fits into a contact: start it again"}
	}
	return answer{You: from.String(), Record: text}
}

// expect begins to expect a caller. It reports false if there are too many.
func (d *Desk) expect(who caller) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.expected) >= mostExpected {
		return false
	}
	if d.expected == nil {
		d.expected = map[caller]*expectation{}
	}
	d.expected[who] = &expectation{d.Expect(who.source, who.token), time.AfterFunc(expectFor, func() { d.forget(who) })}
	return true
}

// keep goes on expecting a caller. It reports false if the caller is not expected: one that
// chose its token could ask for what others say.
func (d *Desk) keep(who caller) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.expected[who]
	if e != nil {
		e.timer.Reset(expectFor)
	}
	return e != nil
}

func (d *Desk) forget(who caller) {
	d.mu.Lock()
	e := d.expected[who]
	delete(d.expected, who)
	d.mu.Unlock()
	if e != nil {
		e.forget()
	}
}

// tokenLetters is how long a token is. It has letters that are case-blind and that every
// protocol carries.
const tokenLetters = 16

// newToken makes a token.
func newToken() string {
	random := make([]byte, codeBytes)
	_, _ = rand.Read(random) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(random))
}

// isToken reports whether t is a token: 16 of a-z and 2-7.
func isToken(t string) bool {
	return len(t) == tokenLetters && strings.Trim(t, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
