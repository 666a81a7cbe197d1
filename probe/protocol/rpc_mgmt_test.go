// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
)

var samr = catalog.Interface{Name: "samr", UUID: "12345778-1234-abcd-ef00-0123456789ac", Major: 1}

// rpcOwning is the stand-in for a server of one interface.
func rpcOwning(i catalog.Interface) Stand {
	s := rpcStand()
	s.Service.RPC = &i
	return s
}

func TestRPCInquireSamba(t *testing.T) {
	const there = "samr 1.0, 6bffd098-a112-3610-9833-46c3f87e345a 1.0"
	want := Peer{Facts: map[string]string{"interfaces": there}}
	for _, test := range []struct {
		recording string
		asked     catalog.Interface
	}{{"rpc_samba_mgmt.txt", samr}, {"rpc_samba_mgmt_reject.txt", emsmdb}} {
		client, server := rpcRecorded(t, test.recording)
		conn := hangsUpAfter(server)
		peer, err := askRPC(conn, rpcBinding(test.asked))
		if diff := cmp.Diff(want, peer); diff != "" {
			t.Errorf("%s: learned (-want +got):\n%s", test.recording, diff)
		}
		if test.asked == samr && err != nil {
			t.Error(err)
		}
		if test.asked == emsmdb {
			wantMismatch(t, err, "EMSMDB", "another RPC service holds the port: samr 1.0")
		}
		if diff := cmp.Diff(string(client), strings.Join(conn.heard, "")); diff != "" {
			t.Errorf("%s: said (-want +got):\n%s", test.recording, diff)
		}
	}
}

// TestRPCInquireCut: a peer that hangs up anywhere after its answer to the bind
// is judged by that answer.
func TestRPCInquireCut(t *testing.T) {
	const ack = 0x3c // the size of the bind_ack
	_, said := rpcRecorded(t, "rpc_samba_mgmt.txt")
	for n := range said {
		peer, err := askRPC(hangsUpAfter(said[:n]), rpcBinding(samr))
		if (err == nil) != (n >= ack) || peer.Facts != nil {
			t.Fatalf("cut after %d bytes: error %v, learned %+v", n, err, peer)
		}
	}
}

// TestRPCInquirePeers: the same interfaces come out of servers that speak
// differently.
func TestRPCInquirePeers(t *testing.T) {
	trailer := []byte{10, 2, 0, 0, 1, 0, 0, 0, 'n', 't', 'l', 'm'}
	tests := map[string]rpcRewriter{
		"big-endian":     func(asked, p rpc.PDU) []byte { return rpcWire(bigEndian(asked, p)) },
		"many fragments": func(_, p rpc.PDU) []byte { return inFragments(p, 8, nil) },
		"odd fragments":  func(_, p rpc.PDU) []byte { return inFragments(p, 13, nil) },
		"signed":         func(_, p rpc.PDU) []byte { return inFragments(p, 4096, padded(trailer)) },
		"all of it":      func(asked, p rpc.PDU) []byte { return inFragments(bigEndian(asked, p), 24, trailer) },
	}
	for name, rewrite := range tests {
		t.Run(name, func(t *testing.T) {
			peer, err := rpcConverse(t, rpcBinding(emsmdb), rpcBetween(rpcOwning(emsmdb), rewrite))
			if diff := cmp.Diff(Peer{Facts: map[string]string{"interfaces": "EMSMDB 0.81"}}, peer); diff != "" || err != nil {
				t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
			}
			_, err = rpcConverse(t, rpcBinding(nspi), rpcBetween(rpcOwning(emsmdb), rewrite))
			wantMismatch(t, err, "NSPI", "another RPC service holds the port: EMSMDB 0.81")
		})
	}
}

// interfacesSaid is a whole stub of an answer to inq_if_ids.
func interfacesSaid(t *testing.T, all ...catalog.Interface) []byte {
	t.Helper()
	stub, err := rpc.InterfacesAnswer(all...)
	if err != nil {
		t.Fatal(err)
	}
	return stub
}

// TestRPCInquireUnanswered: who does not say which interfaces it has, or lies in
// the lengths, is judged by the bind alone.
func TestRPCInquireUnanswered(t *testing.T) {
	isAlter := func(asked rpc.PDU) bool { return asked.Kind == rpc.Alter }
	instead := func(when func(rpc.PDU) bool, kind byte, body ...byte) rpcRewriter {
		return func(asked, p rpc.PDU) []byte {
			if when(asked) {
				p.Kind, p.Body = kind, body
			}
			return rpcWire(p)
		}
	}
	rejected := slices.Concat(make([]byte, 8), []byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0}, make([]byte, 20))
	tests := map[string]rpcRewriter{
		"alter_context is a fault":    faults(isAlter, 0x1c01000b),
		"alter_context is refused":    instead(isAlter, rpc.BindNak, 0, 0),
		"mgmt is rejected":            instead(isAlter, rpc.AlterAck, rejected...),
		"an answer to something else": instead(isAlter, rpc.BindAck, rejected...),
		"access denied":               faults(isCall, 5),
		"hangs up at alter_context":   hangsUpAt(2, func(_, p rpc.PDU) []byte { return rpcWire(p) }),
		"hangs up at inq_if_ids":      hangsUpAt(3, func(_, p rpc.PDU) []byte { return rpcWire(p) }),
		"text":                        func(asked, p rpc.PDU) []byte { return textAt(3, asked, p) },
	}
	whole := interfacesSaid(t, emsmdb, nspi)
	for n := range whole {
		tests[fmt.Sprintf("the first %d bytes", n)] = instead(isCall, rpc.Response, append(make([]byte, rpc.CallSize), whole[:n]...)...)
	}
	for offset, what := range map[int]string{4: "max_count", 8: "count"} {
		tests["a lie in "+what] = instead(isCall, rpc.Response, append(make([]byte, rpc.CallSize), patched(whole, offset, 0xffff)...)...)
	}
	both := patched(patched(whole, 4, 0xffff), 8, 0xffff)
	tests["65535 interfaces"] = instead(isCall, rpc.Response, append(make([]byte, rpc.CallSize), both...)...)
	tests["a null vector"] = instead(isCall, rpc.Response, make([]byte, rpc.CallSize+8)...)
	tests["a status"] = instead(isCall, rpc.Response, append(make([]byte, rpc.CallSize), patched(whole, len(whole)-4, 5)...)...)
	for name, rewrite := range tests {
		t.Run(name, func(t *testing.T) {
			peer, err := rpcConverse(t, rpcBinding(emsmdb), rpcBetween(rpcOwning(emsmdb), rewrite))
			if diff := cmp.Diff(Peer{}, peer); diff != "" || err != nil {
				t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
			}
			peer, err = rpcConverse(t, rpcBinding(nspi), rpcBetween(rpcOwning(emsmdb), rewrite))
			if diff := cmp.Diff(Peer{}, peer); diff != "" {
				t.Errorf("learned (-want +got):\n%s", diff)
			}
			wantMismatch(t, err, "NSPI", "an RPC server that does not have this interface")
		})
	}
}

// textAt says something else than RPC to one call.
func textAt(call uint32, asked, p rpc.PDU) []byte {
	if asked.Call == call {
		return []byte("HTTP/1.1 400 Bad Request\r\n\r\n")
	}
	return rpcWire(p)
}

// TestRPCInquireSilent: a filter that drops the question costs little time, and
// the outcome stays.
func TestRPCInquireSilent(t *testing.T) {
	for _, accepts := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			bound := emsmdb
			if !accepts {
				bound = nspi
			}
			dropsAlter := func(conn net.Conn) error {
				c := rpc.Association{Conn: conn, Budget: rpc.MaxBytes}
				asked, err := c.Message()
				if err != nil {
					return err
				}
				heard, err := answersTo(rpcOwning(bound), rpcWire(asked))
				if err != nil {
					return err
				}
				if _, err := conn.Write(rpcWire(heard[0])); err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, conn)
				return err
			}
			peer, err := rpcConverse(t, rpcBinding(emsmdb), dropsAlter)
			if diff := cmp.Diff(Peer{}, peer); diff != "" || accepts == (err != nil) {
				t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("waited %s", took)
			}
		})
	}
}

func TestRPCLabels(t *testing.T) {
	stranger := catalog.Interface{UUID: "00000000-0000-4000-8000-000000000001", Major: 3, Minor: 4}
	r := &rpc.Reader{Order: binary.LittleEndian, Data: interfacesSaid(t, stranger, emsmdb, rpc.Management, nspi, emsmdb, stranger)}
	named, unnamed := rpc.Labels(rpc.InterfacesOf(r))
	if diff := cmp.Diff([][]string{{"EMSMDB 0.81", "NSPI 56.0"}, {stranger.UUID + " 3.4"}}, [][]string{named, unnamed}); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// TestRPCAnswerManagement: the endpoint mapper tells of itself, too, and as
// Samba does it names mgmt.
func TestRPCAnswerManagement(t *testing.T) {
	mapper, mgmt := bindOf(t, rpc.Mapper, rpc.NDR.UUID), bindOf(t, rpc.Management, rpc.NDR.UUID)
	mgmt[12] = 1 // the number of the context
	heard, err := answersTo(rpcStand(), rpcSays(rpc.Bind, 1, mapper...), rpcSays(rpc.Alter, 2, mgmt...), requestOf(3, 1, rpc.OpInqIfIDs, nil))
	if err != nil || len(heard) != 3 || heard[1].Kind != rpc.AlterAck || heard[2].Kind != rpc.Response {
		t.Fatalf("error %v, heard %+v", err, heard)
	}
	got := rpc.InterfacesOf(&rpc.Reader{Order: heard[2].Order, Data: heard[2].Body[rpc.CallSize:]})
	want := []catalog.Interface{{UUID: rpc.Mapper.UUID, Major: 3}, {UUID: rpc.Management.UUID, Major: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
}
