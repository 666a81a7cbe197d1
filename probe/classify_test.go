// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/hirochachacha/go-smb2"

	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
	"exreach/probe/secure"
	"exreach/probe/socket"
)

// errnoOf returns the system's error for a cause, wrapped as package net does.
func errnoOf(t testing.TB, want socket.Cause) error {
	t.Helper()
	return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscallOf(t, want))}
}

func syscallOf(t testing.TB, want socket.Cause) syscall.Errno {
	t.Helper()
	for n := range syscall.Errno(20000) {
		if socket.CauseOf(n) == want {
			return n
		}
	}
	t.Fatalf("no errno of this system has cause %d", want)
	return 0
}

func TestClassify(t *testing.T) {
	router := netip.MustParseAddr("10.77.2.2")
	timeout := fmt.Errorf("read: %w", os.ErrDeadlineExceeded)
	dial := func(err error) error { return &socket.Error{Err: err} }
	talk := func(err error) error { return fmt.Errorf("the greeting: %w", err) }
	tests := []struct {
		name      string
		err       error
		step      protocol.Step
		cancelled bool
		want      outcome
	}{
		{"no error", nil, protocol.Talk, false, outcome{verdict: Answered}},
		{"no error, and interrupted right after", nil, protocol.Talk, true, outcome{verdict: Answered}},
		{"something else answered", talk(&wire.MismatchError{Want: "SMTP"}), protocol.Greet, false, outcome{verdict: Mismatch}},
		{"something else answered in TLS", &secure.Error{Err: &wire.MismatchError{}}, protocol.Talk, false, outcome{verdict: Mismatch}},

		{"refused", dial(errnoOf(t, socket.Refused)), protocol.Connect, false, outcome{verdict: Refused}},
		{"refused at once, as on loopback", &socket.Error{Err: errnoOf(t, socket.Refused), Local: true}, protocol.Connect, false, outcome{verdict: Refused}},
		{"reset while connecting", dial(errnoOf(t, socket.Reset)), protocol.Connect, false, outcome{verdict: Cut}},
		{"our time-out while connecting", dial(timeout), protocol.Connect, false, outcome{verdict: TimedOut}},
		{"a context's time-out while connecting", dial(context.DeadlineExceeded), protocol.Connect, false, outcome{verdict: TimedOut}},
		{"the system's time-out while connecting", dial(errnoOf(t, socket.TimedOut)), protocol.Connect, false, outcome{verdict: TimedOut}},
		{"host unreachable", dial(errnoOf(t, socket.Unreachable)), protocol.Connect, false, outcome{verdict: Unreachable}},
		{"this machine has an unreachable route", &socket.Error{Err: errnoOf(t, socket.Unreachable), Local: true}, protocol.Connect, false, untried(NoRoute)},
		{"this machine has no route", dial(errnoOf(t, socket.NoRoute)), protocol.Connect, false, untried(NoRoute)},
		{"this machine's firewall", dial(errnoOf(t, socket.Denied)), protocol.Connect, false, untried(Denied)},
		{"this machine's interface is down", dial(errnoOf(t, socket.InterfaceDown)), protocol.Connect, false, untried(NoRoute)},
		{"this machine does not speak IPv6", dial(errnoOf(t, socket.NoFamily)), protocol.Connect, false, untried(NoIPv6)},
		{"this machine is out of descriptors", dial(errnoOf(t, socket.NoDescriptors)), protocol.Connect, false, untried(NoDescriptors)},
		{"this machine is out of memory", dial(errnoOf(t, socket.NoMemory)), protocol.Connect, false, untried(NoMemory)},
		{"this machine is out of source ports", dial(errnoOf(t, socket.NoPorts)), protocol.Connect, false, untried(NoSourcePorts)},
		{"this machine has no source address left", dial(errnoOf(t, socket.NoAddress)), protocol.Connect, false, untried(NoSourcePorts)},
		{"the source address is another machine's", dial(&net.OpError{Op: "dial", Err: os.NewSyscallError("bind", syscallOf(t, socket.NoAddress))}), protocol.Connect, false, untried(NoSource)},
		{"the source address is of the other family", &socket.Error{Err: socket.ErrFamily, Local: true}, protocol.Connect, false, untried(OtherFamily)},
		{"an unknown error of connecting", dial(errors.New("?")), protocol.Connect, false, untried(SystemError)},

		{"ICMP port unreachable", &socket.Error{Err: errnoOf(t, socket.Refused), ICMP: socket.ICMPPort, By: router}, protocol.Connect, false, outcome{verdict: Refused, saidBy: router}},
		{"ICMP prohibited", &socket.Error{Err: errnoOf(t, socket.Denied), ICMP: socket.ICMPProhibited, By: router}, protocol.Connect, false, outcome{verdict: Prohibited, saidBy: router}},
		{"ICMP host unreachable", &socket.Error{Err: errnoOf(t, socket.Unreachable), ICMP: socket.ICMPUnreachable, By: router}, protocol.Connect, false, outcome{verdict: Unreachable, saidBy: router}},
		{"this machine finds no way to its gateway", &socket.Error{Err: errnoOf(t, socket.Unreachable), ICMP: socket.ICMPUnreachable, By: router, Local: true}, protocol.Connect, false, untried(NoRoute)},
		{"a host of this machine's network does not answer", &socket.Error{Err: errnoOf(t, socket.Unreachable), ICMP: socket.ICMPUnreachable}, protocol.Connect, false, outcome{verdict: Unreachable}},
		{"ICMP port unreachable by this machine", &socket.Error{Err: errnoOf(t, socket.Refused), ICMP: socket.ICMPPort, By: router, Local: true}, protocol.Connect, false, untried(Denied)},
		{"ICMP prohibited by this machine", &socket.Error{Err: errnoOf(t, socket.Denied), ICMP: socket.ICMPProhibited, By: router, Local: true}, protocol.Connect, false, untried(Denied)},

		{"silence", talk(timeout), protocol.Greet, false, outcome{verdict: Silent}},
		{"silence in the handshake", &secure.Error{Err: timeout}, protocol.TLS, false, outcome{verdict: Silent}},
		{"the system gives up on an open connection", talk(errnoOf(t, socket.TimedOut)), protocol.Talk, false, outcome{verdict: Silent}},
		{"hung up", talk(io.EOF), protocol.Greet, false, outcome{verdict: Cut}},
		{"hung up half way", talk(io.ErrUnexpectedEOF), protocol.Talk, false, outcome{verdict: Cut}},
		{"reset", talk(errnoOf(t, socket.Reset)), protocol.Talk, false, outcome{verdict: Cut}},
		{"hung up in the handshake", &secure.Error{Err: io.EOF}, protocol.TLS, false, outcome{verdict: Cut}},
		{"plain text on a TLS port", &secure.Error{Err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}, protocol.TLS, false, outcome{verdict: BadTLS}},
		{"an alert after the handshake", talk(&secure.Error{Err: &net.OpError{Op: "remote error", Err: tls.AlertError(116)}, After: true}), protocol.Greet, false, outcome{verdict: BadTLS}},

		{"interrupted while connecting", dial(timeout), protocol.Connect, true, untried(Interrupted)},
		{"interrupted while talking", talk(timeout), protocol.Greet, true, untried(Interrupted)},
		{"refused just before the interrupt", dial(errnoOf(t, socket.Refused)), protocol.Connect, true, outcome{verdict: Refused}},
		{"a fault of our own", &panicError{value: "boom"}, protocol.Talk, false, untried(OwnFault)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify(tt.err, tt.step, tt.cancelled); got != tt.want {
				t.Errorf("classify(%v) = %+v, want %+v", tt.err, got, tt.want)
			}
		})
	}
}

func TestJudgeLookup(t *testing.T) {
	tests := []struct {
		err       error
		cancelled bool
		want      Verdict
		obstacle  Obstacle
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, false, Unresolved, ""},
		{&net.DNSError{Err: "i/o timeout", IsTimeout: true}, false, Untried, NoResolver},
		{&net.DNSError{Err: "server misbehaving", IsTemporary: true}, false, Untried, NoResolver},
		{errnoOf(t, socket.NoDescriptors), false, Untried, NoDescriptors},
		{context.Canceled, true, Untried, Interrupted},
	}
	for _, tt := range tests {
		if got, obstacle, _ := judgeLookup(tt.err, tt.cancelled); got != tt.want || obstacle != tt.obstacle {
			t.Errorf("judgeLookup(%v) = %s (%s), want %s (%s)", tt.err, got, obstacle, tt.want, tt.obstacle)
		}
	}
}

// TestClassifyConversations wants nothing that a peer can bring about after the
// connect told as this machine's doing, and nothing of this machine's as the peer's.
func TestClassifyConversations(t *testing.T) {
	var syntax error = &json.SyntaxError{}
	for name, tt := range map[string]struct {
		err  error
		want Verdict
	}{
		"no renegotiation":          {&secure.Error{Err: &net.OpError{Op: "local error", Err: tls.AlertError(100)}, After: true}, BadTLS},
		"a bad record MAC":          {&secure.Error{Err: &net.OpError{Op: "local error", Err: tls.AlertError(20)}, After: true}, BadTLS},
		"an unexpected message":     {&secure.Error{Err: errors.New("tls: received unexpected handshake message"), After: true}, BadTLS},
		"a record out of place":     {&secure.Error{Err: tls.RecordHeaderError{Msg: "unsupported SSLv2 handshake received"}, After: true}, BadTLS},
		"an unreadable certificate": {&secure.Error{Err: errors.New("tls: failed to parse certificate from server: x509: negative serial number")}, BadTLS},
		"a certificate wanted":      {&secure.Error{Err: io.EOF, After: true, CertificateWanted: true}, BadTLS},
		"silence after that":        {&secure.Error{Err: os.ErrDeadlineExceeded, After: true, CertificateWanted: true}, BadTLS},
		"net/http: a long line":     {fmt.Errorf("waiting: %w", http.ErrLineTooLong), Mismatch},
		"net/http: a header":        {textproto.ProtocolError("malformed MIME header line"), Mismatch},
		"net/http: a body":          {http.ErrBodyReadAfterClose, Mismatch},
		"a line that is too long":   {bufio.ErrTooLong, Mismatch},
		"an oversized read":         {io.ErrShortBuffer, Mismatch},
		"no progress":               {io.ErrNoProgress, Mismatch},
		"a URL of the peer's":       {&url.Error{Op: "parse", URL: "::", Err: errors.New("missing protocol scheme")}, Mismatch},
		"go-ldap: a network error":  {ldap.NewError(ldap.ErrorNetwork, errors.New("unable to read LDAP response packet")), Mismatch},
		"go-ldap: closed":           {ldap.NewError(ldap.ErrorNetwork, io.EOF), Cut},
		"go-ldap: a bad answer":     {ldap.NewError(ldap.ErrorUnexpectedResponse, errors.New("ldap: unexpected response")), Mismatch},
		"go-smb2: an answer":        {&smb2.InvalidResponseError{Message: "broken"}, Mismatch},
		"go-smb2: the transport":    {&smb2.TransportError{Err: io.EOF}, Mismatch},
		"go-smb2: a status":         {&smb2.ResponseError{Code: 0xc000006d}, Mismatch},
		"go-smb2: inside":           {&smb2.InternalError{Message: "?"}, Mismatch},
		"ASN.1":                     {asn1.StructuralError{Msg: "tags don't match"}, Mismatch},
		"JSON":                      {syntax, Mismatch},
		"base64":                    {base64.CorruptInputError(3), Mismatch},
		"hex":                       {hex.InvalidByteError('x'), Mismatch},
		"a number":                  {&strconv.NumError{Func: "Atoi", Num: "x", Err: strconv.ErrSyntax}, Mismatch},
		"an encoding":               {&charset{}, Mismatch},
		"a pipe closed":             {io.ErrClosedPipe, Cut},
		"a connection closed":       {net.ErrClosed, Cut},
		"a datagram refused":        {errnoOf(t, socket.Refused), Cut},
		"the route is gone":         {errnoOf(t, socket.NoRoute), Silent},
		"the host is gone":          {errnoOf(t, socket.Unreachable), Silent},
		"our interface is down":     {errnoOf(t, socket.InterfaceDown), Untried},
		"our buffers are full":      {errnoOf(t, socket.NoMemory), Untried},
		"our firewall":              {errnoOf(t, socket.Denied), Untried},
		"a fault of ours":           {&panicError{value: "boom"}, Untried},
		"no such conversation":      {fmt.Errorf("%w %q", errNoConversation, "x"), Untried},
	} {
		if got := classify(fmt.Errorf("the answer: %w", tt.err), protocol.Talk, false); got.verdict != tt.want || (got.obstacle != "") != (tt.want == Untried) {
			t.Errorf("%s: %s (%s), want %s", name, got.verdict, got.obstacle, tt.want)
		}
	}
}

type charset struct{}

func (*charset) Error() string { return "encoding: rune not supported by encoding" }
