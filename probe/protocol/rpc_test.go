// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

var (
	emsmdb  = catalog.Interface{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Minor: 81}
	nspi    = catalog.Interface{Name: "NSPI", UUID: "f5cc5a18-4264-101a-8c59-08002b2f8426", Major: 56}
	drsuapi = catalog.Interface{Name: "drsuapi", UUID: "e3514235-4b06-11d1-ab04-00c04fc2dcd2", Major: 4}
)

// everySequence is one endpoint for each protocol sequence.
var everySequence = []rpc.Endpoint{
	{UUID: emsmdb.UUID, Name: "EMSMDB", Minor: 81, Sequence: "ncacn_ip_tcp", Port: 49160, Address: "0.0.0.0", Annotation: "Microsoft Exchange RPC"},
	{UUID: emsmdb.UUID, Name: "EMSMDB", Minor: 81, Sequence: "ncacn_http", Port: 6001, Address: "10.1.2.3"},
	{UUID: nspi.UUID, Name: "NSPI", Major: 56, Sequence: "ncadg_ip_udp", Port: 1027, Address: "10.1.2.3", Annotation: "seven b"},
	{UUID: nspi.UUID, Name: "NSPI", Major: 56, Sequence: "ncacn_np", Address: `\\MAIL1\pipe\lsass`},
	{UUID: nspi.UUID, Name: "NSPI", Major: 56, Sequence: "ncalrpc", Address: "OLE1234"},
}

// rpcFacts is what a map of everySequence says, and then what else is given: a
// name, its value, and so on.
func rpcFacts(more ...string) map[string]string {
	facts := map[string]string{"entries": "5", "tcp_endpoints": "EMSMDB 49160", "http_endpoints": "6001 EMSMDB"}
	for pair := range slices.Chunk(more, 2) {
		facts[pair[0]] = pair[1]
	}
	return facts
}

// rpcWanting is a question to an endpoint mapper.
func rpcWanting(wanted ...catalog.Interface) Question {
	q := question("rpc", catalog.NoTLS)
	q.Interfaces = wanted
	return q
}

// rpcBinding is a question to an interface's own port.
func rpcBinding(i catalog.Interface) Question {
	q := question("rpc", catalog.NoTLS)
	q.Service.RPC = &i
	return q
}

// rpcStand is the stand-in for an endpoint mapper.
func rpcStand(endpoints ...rpc.Endpoint) Stand {
	return Stand{Service: service("rpc", catalog.NoTLS), Endpoints: endpoints}
}

// rpcConverse lets askRPC speak with a peer in memory.
func rpcConverse(t *testing.T, q Question, peer func(net.Conn) error) (Peer, error) {
	t.Helper()
	client, server := net.Pipe()
	client.SetDeadline(time.Now().Add(enough))
	server.SetDeadline(time.Now().Add(2 * enough)) // never the first to give up
	done := make(chan error, 1)
	go func() {
		defer server.Close()
		done <- peer(server)
	}()
	p, err := askRPC(client, q)
	client.Close()
	if err := <-done; err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the peer: %v", err)
	}
	return p, err
}

func rpcAnswering(s Stand) func(net.Conn) error {
	return func(conn net.Conn) error { return answerRPC(conn, s) }
}

func TestRPCMapper(t *testing.T) {
	var steps []Step
	q := rpcWanting(emsmdb)
	q.At = func(s Step) { steps = append(steps, s) }
	twice := append(slices.Clone(everySequence), everySequence...)
	peer, err := rpcConverse(t, q, rpcAnswering(rpcStand(twice...)))
	if err != nil {
		t.Fatal(err)
	}
	want := Peer{Endpoints: everySequence, Facts: rpcFacts("entries", "10")}
	if diff := cmp.Diff(want, peer); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
	if !slices.Equal(steps, []Step{Greet, Talk}) {
		t.Errorf("steps are %v", steps)
	}
}

// TestRPCEmptyMap: every Windows registers interfaces of its own, so a
// server which names none does not tell the truth about the others.
func TestRPCEmptyMap(t *testing.T) {
	peer, err := rpcConverse(t, rpcWanting(emsmdb, nspi), rpcAnswering(rpcStand()))
	want := Peer{Facts: map[string]string{"entries": "0"}, Withheld: []string{"EMSMDB", "NSPI"}}
	if diff := cmp.Diff(want, peer); diff != "" || err != nil {
		t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
	}
}

func TestRPCPages(t *testing.T) {
	var many []rpc.Endpoint
	for n := range 1500 {
		e := everySequence[n%len(everySequence)]
		e.Annotation = fmt.Sprint("number ", n)
		many = append(many, e)
	}
	pages := 0
	peer, err := rpcConverse(t, rpcWanting(emsmdb), rpcBetween(rpcStand(many...), func(_, p rpc.PDU) []byte {
		if p.Kind == rpc.Response {
			pages++
		}
		return rpcWire(p)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(many, peer.Endpoints); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
	if pages != 4 || peer.Facts["entries"] != "1500" {
		t.Errorf("1500 entries took %d pages, facts %v", pages, peer.Facts)
	}
}

func TestRPCInterface(t *testing.T) {
	frs := catalog.Interface{Name: "FRS", UUID: "f5cc59b4-4264-101a-8c59-08002b2f8426", Major: 1, Minor: 1}
	drs := catalog.Interface{Name: "DRS", UUID: frs.UUID, Major: 21}
	newer := emsmdb
	newer.Minor++
	tests := []struct {
		name          string
		asked, stands catalog.Interface
		there         string
		ok            bool
	}{
		{"the interface", emsmdb, emsmdb, "EMSMDB 0.81", true},
		{"a later minor version", emsmdb, newer, "EMSMDB 0.82", true},
		{"an earlier minor version", newer, emsmdb, "EMSMDB 0.81", false},
		{"another interface", emsmdb, nspi, "NSPI 56.0", false},
		{"the same UUID in another version", drs, frs, "FRS 1.1", false},
		{"that other version", frs, drs, "DRS 21.0", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := rpcStand()
			s.Service.RPC = &test.stands
			peer, err := rpcConverse(t, rpcBinding(test.asked), rpcAnswering(s))
			want := Peer{Facts: map[string]string{"interfaces": test.there}}
			if diff := cmp.Diff(want, peer); diff != "" {
				t.Errorf("learned (-want +got):\n%s", diff)
			}
			if test.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantMismatch(t, err, test.asked.Name, "another RPC service holds the port: "+test.there)
		})
	}
}

func wantMismatch(t *testing.T, err error, want, got string) {
	t.Helper()
	mismatch, ok := errors.AsType[*wire.MismatchError](err)
	if !ok || mismatch.Want != want || mismatch.Got != got {
		t.Errorf("error %q, want a mismatch of %s that got %q", err, want, got)
	}
}

// TestRPCSilent: a deadline comes out of Ask as it is.
func TestRPCSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := rpcConverse(t, rpcWanting(), func(conn net.Conn) error {
			_, err := io.Copy(io.Discard, conn)
			return err
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a silent peer gives %v", err)
		}
	})
}

// TestRPCShortWords: a peer that says too little for a header is not waited for.
func TestRPCShortWords(t *testing.T) {
	for _, said := range []string{"2", "\x05\x02", "\x05\x00\x14", "\x05\x00\x0c\x03\x20", "HTTP/1.1 400 Bad Request\r\n"} {
		_, err := rpcConverse(t, rpcWanting(), func(conn net.Conn) error {
			if _, err := io.ReadFull(conn, make([]byte, 72)); err != nil {
				return err
			}
			_, err := io.WriteString(conn, said)
			io.Copy(io.Discard, conn) // until the client hangs up
			return err
		})
		wantMismatch(t, err, "RPC", "no RPC packet header")
	}
}

func TestRPCBadInterface(t *testing.T) {
	for _, id := range []string{"", "a4f1db00", strings.Repeat("z", 32)} {
		bad := catalog.Interface{Name: "own", UUID: id}
		_, err := rpcConverse(t, rpcBinding(bad), rpcAnswering(rpcStand()))
		if err == nil || !strings.Contains(err.Error(), "is not a UUID") {
			t.Errorf("%q as an interface on its own port: %v", id, err)
		}
		_, err = rpcConverse(t, rpcWanting(bad), rpcAnswering(rpcStand()))
		if err == nil || !strings.Contains(err.Error(), "is not a UUID") {
			t.Errorf("%q as an interface behind a mapper: %v", id, err)
		}
	}
}

// rpcRecorded reads one conversation with a real server from testdata.
func rpcRecorded(t testing.TB, name string) (client, server []byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		side, octets, _ := strings.Cut(strings.TrimSpace(line), " ")
		b, err := hex.DecodeString(octets)
		switch {
		case side == "#":
		case err != nil:
			t.Fatal(err)
		case side == "C":
			client = append(client, b...)
		case side == "S":
			server = append(server, b...)
		}
	}
	return client, server
}

func TestRPCSamba(t *testing.T) {
	_, said := rpcRecorded(t, "rpc_samba_map.txt")
	peer, err := askRPC(hangsUpAfter(said), rpcWanting(drsuapi, emsmdb))
	if err != nil {
		t.Fatal(err)
	}
	bindings := map[string]bool{}
	for _, e := range peer.Endpoints {
		bindings[fmt.Sprint(e.Sequence, e.Port, e.Address)] = true
	}
	if len(bindings) != 17 || len(peer.Endpoints) != 53 || peer.Facts["entries"] != "53" {
		t.Errorf("%d bindings of %d endpoints, facts %v", len(bindings), len(peer.Endpoints), peer.Facts)
	}
	for _, want := range []rpc.Endpoint{
		{UUID: drsuapi.UUID, Name: "drsuapi", Major: 4, Sequence: "ncacn_ip_tcp", Port: 49153, Address: "0.0.0.0", Annotation: "drsuapi"},
		{UUID: drsuapi.UUID, Name: "drsuapi", Major: 4, Sequence: "ncacn_np", Address: `\pipe\lsass`, Annotation: "drsuapi"},
		{UUID: rpc.Mapper.UUID, Name: "endpoint mapper", Major: 3, Sequence: "ncacn_http", Port: 593, Address: "0.0.0.0", Annotation: "epmapper"},
		{UUID: rpc.Mapper.UUID, Name: "endpoint mapper", Major: 3, Sequence: "ncalrpc", Address: "EPMAPPER", Annotation: "epmapper"},
	} {
		if !slices.Contains(peer.Endpoints, want) {
			t.Errorf("%+v is missing", want)
		}
	}
	_, said = rpcRecorded(t, "rpc_samba_bind.txt")
	if peer, err := askRPC(hangsUpAfter(said), rpcBinding(drsuapi)); err != nil || peer.Refusal != "" {
		t.Errorf("drsuapi on its own port: error %v, refusal %q", err, peer.Refusal)
	}
	_, said = rpcRecorded(t, "rpc_samba_reject.txt")
	_, err = askRPC(hangsUpAfter(said), rpcBinding(emsmdb))
	wantMismatch(t, err, "EMSMDB", "an RPC server that does not have this interface")
}

// TestRPCCut: a peer that hangs up anywhere in a real conversation is never
// taken for one that said all, and what it said before is kept.
func TestRPCCut(t *testing.T) {
	_, said := rpcRecorded(t, "rpc_samba_map.txt")
	for n := range said {
		peer, err := askRPC(hangsUpAfter(said[:n]), rpcWanting(emsmdb))
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		if n == 0 && !errors.Is(err, io.EOF) {
			t.Errorf("a peer that hangs up at once gives %v", err)
		}
		if len(peer.Endpoints) != 53 && n > len(said)-64 {
			t.Fatalf("cut after %d bytes: %d endpoints are left", n, len(peer.Endpoints))
		}
	}
}
