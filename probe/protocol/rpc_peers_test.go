// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// A rpcRewriter turns a packet that answers asked into the bytes that a client
// gets. Where it returns nil, the client is hung up on.
type rpcRewriter func(asked, answer rpc.PDU) []byte

// rpcBetween is a peer that answers as the stand-in does, but for what rewrite
// makes of it.
func rpcBetween(s Stand, rewrite rpcRewriter) func(net.Conn) error {
	return func(client net.Conn) error {
		near, far := net.Pipe()
		done := make(chan error, 1)
		go func() {
			defer far.Close()
			done <- answerRPC(far, s)
		}()
		err := rpcRelay(client, near, rewrite)
		near.Close()
		return errors.Join(err, <-done)
	}
}

func rpcRelay(client, server net.Conn, rewrite rpcRewriter) error {
	asks := rpc.Association{Conn: client, Budget: rpc.MaxBytes}
	answers := rpc.Association{Conn: server, Budget: rpc.MaxBytes}
	for {
		asked, err := asks.Message()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := server.Write(rpcWire(asked)); err != nil {
			return err
		}
		answer, err := answers.Message()
		if err != nil {
			return err
		}
		out := rewrite(asked, answer)
		if out == nil {
			return nil
		}
		if _, err := client.Write(out); err != nil {
			return err
		}
	}
}

// rpcWire is p on the wire, a long response in fragments.
func rpcWire(p rpc.PDU) []byte { return inFragments(p, 4096, nil) }

// inFragments is p on the wire, a response with so many bytes of stub in each
// packet, and each packet with the given authentication trailer.
func inFragments(p rpc.PDU, size int, trailer []byte) []byte {
	if p.Kind != rpc.Response {
		return onWire(p, rpc.FirstFragment|rpc.LastFragment, p.Body, trailer)
	}
	var b []byte
	head, parts := p.Body[:rpc.CallSize], slices.Collect(slices.Chunk(p.Body[rpc.CallSize:], size))
	for i, part := range parts {
		var flags byte
		if i == 0 {
			flags |= rpc.FirstFragment
		}
		if i == len(parts)-1 {
			flags |= rpc.LastFragment
		}
		b = append(b, onWire(p, flags, slices.Concat(head, part), trailer)...)
	}
	return b
}

// onWire is one packet with the common header of p.
func onWire(p rpc.PDU, flags byte, body, trailer []byte) []byte {
	b := []byte{5, 0, p.Kind, flags, 0x10, 0, 0, 0}
	if p.Order == binary.BigEndian {
		b[4] = 0
	}
	secret := 0
	if trailer != nil {
		secret = len("ntlm")
	}
	order := p.Order.(binary.AppendByteOrder)
	b = order.AppendUint16(b, uint16(rpc.HeaderSize+len(body)+len(trailer)))
	b = order.AppendUint16(b, uint16(secret))
	b = order.AppendUint32(b, p.Call)
	return slices.Concat(b, body, trailer)
}

// TestRPCPeers: the same map comes out of servers that speak differently.
func TestRPCPeers(t *testing.T) {
	trailer := []byte{10, 2, 0, 0, 1, 0, 0, 0, 'n', 't', 'l', 'm'}
	tests := map[string]rpcRewriter{
		"big-endian":        func(asked, p rpc.PDU) []byte { return rpcWire(bigEndian(asked, p)) },
		"many fragments":    func(_, p rpc.PDU) []byte { return inFragments(p, 8, nil) },
		"odd fragments":     func(_, p rpc.PDU) []byte { return inFragments(p, 13, nil) },
		"all of it":         func(asked, p rpc.PDU) []byte { return inFragments(bigEndian(asked, p), 24, trailer) },
		"signed":            func(_, p rpc.PDU) []byte { return inFragments(p, 4096, trailer) },
		"signed, padded":    func(_, p rpc.PDU) []byte { return inFragments(p, 1000, padded(trailer)) },
		"minor version 1":   func(_, p rpc.PDU) []byte { b := rpcWire(p); b[1] = 1; return b },
		"clears the handle": clearsHandle,
	}
	for name, rewrite := range tests {
		t.Run(name, func(t *testing.T) {
			peer, err := rpcConverse(t, rpcWanting(emsmdb, nspi), rpcBetween(rpcStand(everySequence...), rewrite))
			if err != nil {
				t.Fatal(err)
			}
			want := Peer{Endpoints: everySequence, Facts: rpcFacts()}
			if diff := cmp.Diff(want, told(t, peer)); diff != "" {
				t.Errorf("learned (-want +got):\n%s", diff)
			}
		})
	}
}

// padded is an authentication trailer with four bytes of padding before it.
func padded(trailer []byte) []byte {
	p := slices.Concat([]byte{0, 0, 0, 0}, trailer)
	p[4+2] = 4
	return p
}

// clearsHandle ends a listing as C706 has it: with the last entry, no handle.
func clearsHandle(asked, p rpc.PDU) []byte {
	if isLookup(asked) {
		clear(p.Body[rpc.CallSize : rpc.CallSize+20])
	}
	return rpcWire(p)
}

func isCall(asked rpc.PDU) bool   { return asked.Kind == rpc.Request }
func isLookup(asked rpc.PDU) bool { return isCall(asked) && asked.Body[6] == rpc.OpLookup }

// faults sends a fault instead of the answers to some packets.
func faults(when func(asked rpc.PDU) bool, status rpc.Status) rpcRewriter {
	return func(asked, p rpc.PDU) []byte {
		if when(asked) {
			p.Kind, p.Body = rpc.Fault, make([]byte, 16)
			binary.LittleEndian.PutUint32(p.Body[8:], uint32(status))
		}
		return rpcWire(p)
	}
}

// emptyPages sends a page without entries instead of some answers.
func emptyPages(when func(asked rpc.PDU) bool, status uint32) rpcRewriter {
	return func(asked, p rpc.PDU) []byte {
		if when(asked) {
			p.Body = append(p.Body[:rpc.CallSize], rpc.Page{Status: status}.LookupAnswer(rpc.PageSize)...)
		}
		return rpcWire(p)
	}
}

// hangsUpAt is a peer that rewrite makes, until the client's call of that number.
func hangsUpAt(call uint32, rewrite rpcRewriter) rpcRewriter {
	return func(asked, p rpc.PDU) []byte {
		if p.Call == call {
			return nil
		}
		return rewrite(asked, p)
	}
}

func TestRPCDenied(t *testing.T) {
	const opRange, access = "fault 0x1c010002 (nca_s_op_rng_error)", "fault 0x00000005 (access denied)"
	const status = "status 0x00000005 (access denied)"
	tcp := everySequence[0]
	tcp.Annotation = "" // ept_map has none
	denyLookup, denyAll := faults(isLookup, rpc.BadOperation), faults(isCall, 5)
	secondPage := faults(func(asked rpc.PDU) bool { return asked.Call == 3 }, 5)
	tests := []struct {
		name    string
		rewrite rpcRewriter
		wanted  []catalog.Interface
		want    Peer
		err     error
	}{
		{"lookup", denyLookup, []catalog.Interface{emsmdb, nspi}, Peer{
			Endpoints: []rpc.Endpoint{tcp},
			Facts:     map[string]string{"entries": "0", "lookup": "denied: " + opRange, "hidden": "EMSMDB", "tcp_endpoints": "EMSMDB 49160"},
		}, nil},
		{"lookup, and the map has nothing", denyLookup, []catalog.Interface{drsuapi}, Peer{
			Facts: map[string]string{"entries": "0", "lookup": "denied: " + opRange}, Withheld: []string{"drsuapi"},
		}, nil},
		{"ept_map, for one of two", faults(func(asked rpc.PDU) bool { return isCall(asked) && asked.Call == 4 }, 5), []catalog.Interface{drsuapi, nspi}, Peer{
			Endpoints: everySequence, Facts: rpcFacts("map", "denied: drsuapi "+access), Withheld: []string{"drsuapi"},
		}, nil},
		{"ept_map, which the server does not know", faults(func(asked rpc.PDU) bool { return isCall(asked) && !isLookup(asked) }, rpc.BadOperation),
			[]catalog.Interface{drsuapi}, Peer{Endpoints: everySequence, Facts: rpcFacts("entries", "5")}, nil},
		{"lookup, and nothing else is wanted", denyLookup, nil, Peer{
			Refusal: opRange, Reason: wire.OurQuestion, Facts: map[string]string{"entries": "0", "lookup": "denied: " + opRange},
		}, nil},
		{"everything", denyAll, []catalog.Interface{emsmdb}, Peer{
			Refusal: access, Reason: wire.NeedsLogin, Withheld: []string{"EMSMDB"},
			Facts: map[string]string{"entries": "0", "lookup": "denied: " + access, "map": "denied: EMSMDB " + access},
		}, nil},
		{"everything, in the status", emptyPages(isCall, 5), []catalog.Interface{emsmdb}, Peer{
			Refusal: status, Reason: wire.NeedsLogin, Withheld: []string{"EMSMDB"},
			Facts: map[string]string{"entries": "0", "lookup": "denied: " + status, "map": "denied: EMSMDB " + status},
		}, nil},
		{"everything, and it hangs up", hangsUpAt(3, denyAll), []catalog.Interface{emsmdb}, Peer{
			Refusal: access, Reason: wire.NeedsLogin, Withheld: []string{"EMSMDB"}, Facts: map[string]string{"entries": "0", "lookup": "denied: " + access},
		}, io.EOF},
		{"entries are hidden", emptyPages(isLookup, rpc.NotRegistered), []catalog.Interface{emsmdb}, Peer{
			Endpoints: []rpc.Endpoint{tcp}, Facts: map[string]string{"entries": "0", "hidden": "EMSMDB", "tcp_endpoints": "EMSMDB 49160"},
		}, nil},
		{"the second page", secondPage, nil, Peer{
			Endpoints: everySequence, Facts: rpcFacts("lookup", "stopped: "+access),
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			peer, err := rpcConverse(t, rpcWanting(test.wanted...), rpcBetween(rpcStand(everySequence...), test.rewrite))
			if diff := cmp.Diff(test.want, told(t, peer)); diff != "" || !errors.Is(err, test.err) {
				t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
			}
		})
	}
}
