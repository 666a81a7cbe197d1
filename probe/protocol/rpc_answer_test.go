// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

// answersTo is what answerRPC says to the client's packets, and its error.
func answersTo(s Stand, packets ...[]byte) ([]rpcPDU, error) {
	conn := hangsUpAfter(bytes.Join(packets, nil))
	err := answerRPC(conn, s)
	var heard []byte
	for _, write := range conn.heard {
		heard = append(heard, write...)
	}
	reading := rpcConn{conn: hangsUpAfter(heard), budget: rpcMaxBytes}
	var all []rpcPDU
	for {
		p, err := reading.message()
		if err != nil {
			break
		}
		all = append(all, p)
	}
	return all, err
}

// bindOf is the body of a bind with several presentation contexts, as Windows
// sends it: NDR, NDR64, and the negotiation of features at bind time.
func bindOf(t *testing.T, i catalog.Interface, syntaxes ...string) []byte {
	t.Helper()
	w := ndrWriter{data: []byte{0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, byte(len(syntaxes)), 0, 0, 0}}
	id, err := parseUUID(i.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for n, syntax := range syntaxes {
		transfer, err := parseUUID(syntax)
		if err != nil {
			t.Fatal(err)
		}
		w.u16(uint16(n))
		w.octets(1, 0)
		w.syntax(id, i.Major, i.Minor)
		w.syntax(transfer, 2, 0)
	}
	return w.data
}

func requestOf(call uint32, context, operation uint16, stub []byte) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(len(stub)))
	body = binary.LittleEndian.AppendUint16(body, context)
	body = binary.LittleEndian.AppendUint16(body, operation)
	return onWire(rpcPDU{kind: rpcRequest, order: binary.LittleEndian, call: call}, rpcFirst|rpcLast, append(body, stub...), nil)
}

func TestRPCAnswerContexts(t *testing.T) {
	const ndr64, features = "71710533-beba-4937-8319-b5dbef9ccc36", "6cb71c2c-9812-4540-0300-000000000000"
	heard, err := answersTo(rpcStand(), rpcSays(rpcBind, 7, bindOf(t, rpcMapper, ndr64, ndrSyntax.UUID, features)...))
	if err != nil || len(heard) != 1 || heard[0].kind != rpcBindAck || heard[0].call != 7 {
		t.Fatalf("error %v, heard %+v", err, heard)
	}
	results := heard[0].body[len(heard[0].body)-3*24-4:]
	want := []byte{3, 2, 2, 0, 0, 2, 2}
	got := []byte{results[0], results[4], results[6], results[28], results[30], results[52], results[54]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestRPCAnswerFaults(t *testing.T) {
	bind := rpcSays(rpcBind, 1, bindOf(t, rpcMapper, ndrSyntax.UUID)...)
	s := rpcStand(everySequence...)
	own := rpcStand()
	own.Service.RPC = &emsmdb
	tests := []struct {
		name  string
		stand Stand
		asked [][]byte
		want  rpcStatus
	}{
		{"an operation that there is not", s, [][]byte{bind, requestOf(2, 0, 9, nil)}, rpcBadOperation},
		{"a context that was not bound", s, [][]byte{bind, requestOf(2, 1, eptLookup, lookupRequest(eptHandle{}))}, rpcUnknownInterface},
		{"no bind", s, [][]byte{requestOf(2, 0, eptLookup, lookupRequest(eptHandle{}))}, rpcUnknownInterface},
		{"a stub that is cut short", s, [][]byte{bind, requestOf(2, 0, eptLookup, make([]byte, 39))}, rpcBadStub},
		{"a tower that is none", s, [][]byte{bind, requestOf(2, 0, eptMap, make([]byte, 32))}, rpcBadStub},
		{"a handle that was not given", s, [][]byte{bind, requestOf(2, 0, eptLookup, lookupRequest(eptHandle{id: rpcUUID{1}}))}, rpcBadHandle},
		{"an interface has no operations", own, [][]byte{rpcSays(rpcBind, 1, bindOf(t, emsmdb, ndrSyntax.UUID)...), requestOf(2, 0, eptLookup, nil)}, rpcBadOperation},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			heard, err := answersTo(test.stand, test.asked...)
			if err != nil || len(heard) != len(test.asked) {
				t.Fatalf("error %v, heard %+v", err, heard)
			}
			last := heard[len(heard)-1]
			if status, err := faultStatus(last); last.kind != rpcFault || err != nil || status != test.want {
				t.Errorf("got a %s, %v", rpcTypes[last.kind], status)
			}
		})
	}
}

// TestRPCAnswerObject: a request may name an object before its stub.
func TestRPCAnswerObject(t *testing.T) {
	bind := rpcSays(rpcBind, 1, bindOf(t, rpcMapper, ndrSyntax.UUID)...)
	ask := requestOf(2, 0, eptLookup, append(make([]byte, 16), lookupRequest(eptHandle{})...))
	ask[3] |= rpcObject
	heard, err := answersTo(rpcStand(everySequence...), bind, ask)
	if err != nil || len(heard) != 2 || heard[1].kind != rpcResponse {
		t.Fatalf("error %v, heard %+v", err, heard)
	}
	page, err := lookupPage(&ndrReader{order: heard[1].order, data: heard[1].body[rpcCallSize:]})
	if err != nil || len(page.towers) != len(everySequence) {
		t.Errorf("error %v, %d entries", err, len(page.towers))
	}
}

// TestRPCAnswerInquiry: only whole listings are served, whatever a query holds.
func TestRPCAnswerInquiry(t *testing.T) {
	id, err := parseUUID(emsmdb.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for inquiry, want := range []uint32{0: eptNotRegistered, 1: eptCannotPerform} {
		var w ndrWriter
		w.u32(uint32(inquiry))
		w.u32(1)
		w.uuid(id) // an object
		w.u32(2)
		w.syntax(id, 0, 81) // an interface
		w.u32(eptAllVersions)
		w.handle(eptHandle{})
		w.u32(10)
		heard, err := answersTo(rpcStand(), rpcSays(rpcBind, 1, bindOf(t, rpcMapper, ndrSyntax.UUID)...), requestOf(2, 0, eptLookup, w.data))
		if err != nil || len(heard) != 2 || heard[1].kind != rpcResponse {
			t.Fatalf("error %v, heard %+v", err, heard)
		}
		page, err := lookupPage(&ndrReader{order: heard[1].order, data: heard[1].body[rpcCallSize:]})
		if err != nil || page.status != want || len(page.towers) != 0 {
			t.Errorf("inquiry %d: error %v, page %+v", inquiry, err, page)
		}
	}
}

// TestRPCAnswerForeign: what is not RPC ends the connection without a word.
func TestRPCAnswerForeign(t *testing.T) {
	for _, words := range []string{"GET / HTTP/1.1\r\n\r\n", string(rpcSays(17, 1)), string(rpcSays(rpcBind, 1, 1, 2, 3))} {
		heard, err := answersTo(rpcStand(), []byte(words))
		if err == nil || len(heard) != 0 {
			t.Errorf("%q: error %v, heard %+v", words, err, heard)
		}
	}
}

// TestRPCAnswerMany: a client that never ends is let go.
func TestRPCAnswerMany(t *testing.T) {
	ask := requestOf(2, 0, 9, nil)
	heard, err := answersTo(rpcStand(), bytes.Repeat(ask, rpcMaxMessages+1))
	if err == nil || len(heard) != rpcMaxMessages {
		t.Errorf("error %v after %d answers", err, len(heard))
	}
}
