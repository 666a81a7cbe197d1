// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// rpcSays is a packet with a body of our own.
func rpcSays(kind byte, call uint32, body ...byte) []byte {
	return rpcWire(rpc.PDU{Kind: kind, Order: binary.LittleEndian, Call: call, Body: body})
}

// bindAckOf is a bind_ack with one result.
func bindAckOf(result, reason byte) []byte {
	w := rpc.Writer{Data: make([]byte, 8)}
	w.Octets(4, 0, '1', '3', '5', 0, 0, 0, 1, 0, 0, 0, result, 0, reason, 0)
	w.Octets(make([]byte, 20)...)
	return rpcSays(rpc.BindAck, 1, w.Data...)
}

// patched returns b with the two bytes at the offset replaced.
func patched(b []byte, offset int, v uint16) []byte {
	b = slices.Clone(b)
	binary.LittleEndian.PutUint16(b[offset:], v)
	return b
}

// TestRPCRefusals: a server that speaks RPC and turns us away is no mismatch.
func TestRPCRefusals(t *testing.T) {
	tests := []struct {
		said    []byte
		refusal string
		why     wire.Reason
	}{
		{rpcSays(rpc.BindNak, 1, 0, 0), "bind_nak: reason not specified", wire.NeedsLogin},
		{rpcSays(rpc.BindNak, 1, 1, 0), "bind_nak: temporary congestion", wire.Unavailable},
		{rpcSays(rpc.BindNak, 1, 2, 0), "bind_nak: local limit exceeded", wire.Unavailable},
		{rpcSays(rpc.BindNak, 1, 4, 0, 1, 5, 0), "bind_nak: protocol version not supported", ""},
		{rpcSays(rpc.BindNak, 1, 8, 0), "bind_nak: authentication type not recognized", wire.NeedsLogin},
		// https://github.com/fortra/impacket/issues/1926
		{rpcSays(rpc.BindNak, 1, 9, 0), "bind_nak: invalid checksum", wire.NeedsLogin},
		{rpcSays(rpc.BindNak, 1, 77, 0), "bind_nak: reason 77", ""},
		{bindAckOf(1, 0), "bind_ack: rejected by the application", wire.NeedsLogin},
		{bindAckOf(2, 0), "bind_ack: reason not specified", wire.NeedsLogin},
		{bindAckOf(2, 2), "bind_ack: transfer syntax not supported", ""},
		{bindAckOf(2, 3), "bind_ack: local limit exceeded", wire.Unavailable},
		{rpcSays(rpc.Fault, 1, append(make([]byte, 8), 5, 0, 0, 0)...), "fault 0x00000005 (access denied)", wire.NeedsLogin},
		{rpcSays(rpc.Fault, 1, append(make([]byte, 8), 0x1d, 0, 0, 0x1c)...), "fault 0x1c00001d (nca_s_unsupported_authn_level)", wire.NeedsLogin},
		{rpcSays(rpc.Fault, 1, append(make([]byte, 8), 0x14, 0, 1, 0x1c)...), "fault 0x1c010014 (nca_s_server_too_busy)", wire.Unavailable},
		{rpcSays(rpc.Fault, 1, append(make([]byte, 8), 1, 2, 3, 4)...), "fault 0x04030201", ""},
	}
	for _, test := range tests {
		behind, err := askRPC(hangsUpAfter(test.said), rpcWanting(emsmdb, nspi))
		want := Peer{Refusal: test.refusal, Reason: test.why, Withheld: []string{"EMSMDB", "NSPI"}}
		if diff := cmp.Diff(want, behind); diff != "" || err != nil {
			t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
		}
		want.Withheld = nil
		itself, err := askRPC(hangsUpAfter(test.said), rpcBinding(emsmdb))
		if diff := cmp.Diff(want, itself); diff != "" || err != nil {
			t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
		}
	}
	lacking := append(make([]byte, 8), 3, 0, 1, 0x1c)
	_, err := askRPC(hangsUpAfter(rpcSays(rpc.Fault, 1, lacking...)), rpcBinding(emsmdb))
	wantMismatch(t, err, "EMSMDB", "an RPC server that does not have this interface")
}

// TestRPCBadPackets: lengths that lie, and packets that have no place here.
func TestRPCBadPackets(t *testing.T) {
	ok := bindAckOf(0, 0)
	call := make([]byte, rpc.CallSize)
	tests := []struct {
		name, got string
		said      []byte
	}{
		{"frag_length below the header", "a packet shorter than its own header", patched(ok, 8, 15)},
		{"frag_length 0", "a packet shorter than its own header", patched(ok, 8, 0)},
		{"20-byte bind_ack", "a bind_ack without a result", rpcSays(rpc.BindAck, 1, 0xd0, 0x16, 0xd0, 0x16)},
		{"empty bind_ack", "a bind_ack without a result", rpcSays(rpc.BindAck, 1)},
		{"secondary address past the end", "a bind_ack without a result", patched(ok, 24, 0xffff)},
		{"no results", "a bind_ack without a result", patched(ok, 32, 0)},
		{"bind_nak without a reason", "a bind_nak without a reason", rpcSays(rpc.BindNak, 1, 4)},
		{"fault without a status", "a fault without a status", rpcSays(rpc.Fault, 1, 0, 0, 0)},
		{"auth_length past the beginning", "an authentication trailer longer than its packet", patched(ok, 10, 0xffff)},
		{"padding past the beginning", "a bind_ack that is too short", onWire(rpc.PDU{Kind: rpc.BindAck, Order: binary.LittleEndian}, 3, nil, []byte{10, 2, 255, 0, 0, 0, 0, 0, 1, 2, 3, 4})},
		{"another call's", "an answer to a call that was not made", rpcSays(rpc.BindAck, 2, ok[16:]...)},
		{"our own words", "bind instead of bind_ack", rpcSays(rpc.Bind, 1, ok[16:]...)},
		{"alter_context_resp", "alter_context_resp instead of bind_ack", rpcSays(15, 1, ok[16:]...)},
		{"shutdown", "shutdown instead of bind_ack", rpcSays(17, 1)},
		{"orphaned", "orphaned instead of bind_ack", rpcSays(19, 1)},
		{"a response to nothing", "response instead of bind_ack", rpcSays(rpc.Response, 1, make([]byte, 16)...)},
		{"a short response", "a response that is too short", onWire(rpc.PDU{Kind: rpc.Response, Order: binary.LittleEndian, Call: 1}, 3, []byte{1, 2, 3}, nil)},
		{"bind_ack for a lookup", "bind_ack instead of response", append(bindAckOf(0, 0), rpcSays(rpc.BindAck, 2, ok[16:]...)...)},
		{"text in the middle", "no RPC packet header", append(bindAckOf(0, 0), "HTTP/1.1 200 OK\r\n"...)},
		{"last fragment first", "a fragment without the one before it", append(bindAckOf(0, 0), fragmentOf(2, rpc.LastFragment, call)...)},
		{"first fragment twice", "fragments that do not belong together", slices.Concat(ok, fragmentOf(2, rpc.FirstFragment, call), fragmentOf(2, rpc.FirstFragment|rpc.LastFragment, call))},
		{"two calls in one", "fragments that do not belong together", slices.Concat(ok, fragmentOf(2, rpc.FirstFragment, call), fragmentOf(3, rpc.LastFragment, call))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := askRPC(hangsUpAfter(test.said), rpcWanting(emsmdb))
			wantMismatch(t, err, "RPC", test.got)
		})
	}
}

func fragmentOf(call uint32, flags byte, body []byte) []byte {
	return onWire(rpc.PDU{Kind: rpc.Response, Order: binary.LittleEndian, Call: call}, flags, body, nil)
}

// TestRPCBadStubs: counts and lengths inside a listing that lie.
func TestRPCBadStubs(t *testing.T) {
	page, err := rpc.PageOf(everySequence[:2])
	if err != nil {
		t.Fatal(err)
	}
	lookup, mapped := page.LookupAnswer(rpc.PageSize), page.MapAnswer(rpc.MaxTowers)
	const numEnts, maxCount, offset, actual, annotation = 20, 24, 28, 32, 60
	tests := []struct {
		name string
		stub []byte
	}{
		{"nothing", nil},
		{"more entries announced than sent", patched(lookup, numEnts, 3)},
		{"fewer entries announced than sent", patched(lookup, numEnts, 1)},
		{"max_count below the actual count", patched(lookup, maxCount, 1)},
		{"an offset", patched(lookup, offset, 1)},
		{"an actual count past the end", patched(patched(lookup, actual, 0xffff), numEnts, 0xffff)},
		{"an actual count of 2^32-1", slices.Concat(lookup[:20], slices.Repeat([]byte{0xff}, 4), lookup[24:])},
		{"an annotation past the end", patched(lookup, annotation, 0xffff)},
		{"an annotation too long for its array", patched(lookup, annotation, 65)},
		{"no status", lookup[:len(lookup)-4]},
		{"half a tower", lookup[:len(lookup)-40]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := rpcSays(rpc.Response, 2, append(make([]byte, rpc.CallSize), test.stub...)...)
			if test.stub == nil {
				answer = fragmentOf(2, rpc.FirstFragment|rpc.LastFragment, make([]byte, rpc.CallSize))
			}
			_, err := askRPC(hangsUpAfter(append(bindAckOf(0, 0), answer...)), rpcWanting(emsmdb))
			wantMismatch(t, err, rpc.Mapper.Name, "the lengths in its answer to ept_lookup do not fit")
		})
	}
	empty := rpcSays(rpc.Response, 2, append(make([]byte, rpc.CallSize), rpc.Page{Status: rpc.NotRegistered}.LookupAnswer(1)...)...)
	for _, stub := range [][]byte{nil, patched(mapped, numEnts, 1), patched(mapped, actual, 9), patched(mapped, 44, 1), patched(mapped, 48, 0xffff), mapped[:60]} {
		answer := fragmentOf(3, rpc.FirstFragment|rpc.LastFragment, append(make([]byte, rpc.CallSize), stub...))
		_, err := askRPC(hangsUpAfter(slices.Concat(bindAckOf(0, 0), empty, answer)), rpcWanting(emsmdb))
		wantMismatch(t, err, rpc.Mapper.Name, "the lengths in its answer to ept_map do not fit")
	}
}

// TestRPCUnreadMaps: answers to ept_map that cannot be read end neither the conversation
// nor what the listing showed, however many they are.
func TestRPCUnreadMaps(t *testing.T) {
	page, err := rpc.PageOf(everySequence[:1])
	if err != nil {
		t.Fatal(err)
	}
	page.Status = rpc.NotRegistered
	said := append(bindAckOf(0, 0), rpcSays(rpc.Response, 2, append(make([]byte, rpc.CallSize), page.LookupAnswer(rpc.PageSize)...)...)...)
	for call := range uint32(2) {
		said = append(said, fragmentOf(3+call, rpc.FirstFragment|rpc.LastFragment, make([]byte, rpc.CallSize))...)
	}
	peer, err := askRPC(hangsUpAfter(said), rpcWanting(nspi, drsuapi))
	if want := "denied: NSPI its answer cannot be read, drsuapi its answer cannot be read"; peer.Facts[FactMap] != want || len(peer.Endpoints) != 1 || err != nil {
		t.Errorf("error %v, %d endpoints, map %q, want %q", err, len(peer.Endpoints), peer.Facts[FactMap], want)
	}
}

// TestRPCBadTowers: an entry that cannot be read does not hide the others.
func TestRPCBadTowers(t *testing.T) {
	page, err := rpc.PageOf(everySequence)
	if err != nil {
		t.Fatal(err)
	}
	page.Status = rpc.NotRegistered
	page.Towers[1].Octets = page.Towers[1].Octets[:30]
	page.Towers[3].Octets = nil
	answer := rpcSays(rpc.Response, 2, append(make([]byte, rpc.CallSize), page.LookupAnswer(rpc.PageSize)...)...)
	peer, err := askRPC(hangsUpAfter(append(bindAckOf(0, 0), answer...)), rpcWanting())
	want := Peer{
		Endpoints: []rpc.Endpoint{everySequence[0], everySequence[2], everySequence[4]},
		Facts:     map[string]string{"entries": "5", "malformed": "2", "tcp_endpoints": "EMSMDB 49160"},
	}
	if diff := cmp.Diff(want, peer); diff != "" || err != nil {
		t.Errorf("error %v, learned (-want +got):\n%s", err, diff)
	}
}

// TestRPCEndlessMap: a map without an end is given up on, in entries, in pages
// and in bytes.
func TestRPCEndlessMap(t *testing.T) {
	tests := []struct {
		entries int
		stopped string
	}{
		{1, "stopped after 64 pages"},
		{500, "stopped after 4500 entries"},
	}
	for _, test := range tests {
		again := func(asked, p rpc.PDU) []byte {
			if isLookup(asked) {
				w := rpc.Writer{Data: slices.Clone(asked.Body[rpc.CallSize:])}
				clear(w.Data[20:36]) // the handle begins the listing anew
				page, _ := rpc.PageOf(slices.Repeat(everySequence[:1], test.entries))
				page.Handle.Attributes = 7
				p.Body = append(p.Body[:rpc.CallSize], page.LookupAnswer(rpc.PageSize)...)
			}
			return rpcWire(p)
		}
		anew := func(conn net.Conn) error { return rpcBetween(rpcStand(everySequence...), again)(conn) }
		peer, err := rpcConverse(t, rpcWanting(), anew)
		if err != nil || peer.Facts["lookup"] != test.stopped || len(peer.Endpoints) != 1 {
			t.Errorf("error %v, facts %v, %d endpoints", err, peer.Facts, len(peer.Endpoints))
		}
	}
	long := fragmentOf(2, rpc.FirstFragment, make([]byte, 60000))
	endless := append(bindAckOf(0, 0), long...)
	for range rpc.MaxBytes / 60000 {
		endless = append(endless, fragmentOf(2, 0, make([]byte, 60000))...)
	}
	_, err := askRPC(hangsUpAfter(endless), rpcWanting())
	wantMismatch(t, err, "RPC", "more than 4 MiB without an end")
}
