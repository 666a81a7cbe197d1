// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
)

// answersTo is what answerRPC says to the client's packets, and its error.
func answersTo(s Stand, packets ...[]byte) ([]rpc.PDU, error) {
	conn := hangsUpAfter(bytes.Join(packets, nil))
	err := answerRPC(conn, s)
	var heard []byte
	for _, write := range conn.heard {
		heard = append(heard, write...)
	}
	reading := rpc.Association{Conn: hangsUpAfter(heard), Budget: rpc.MaxBytes}
	var all []rpc.PDU
	for {
		p, err := reading.Message()
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
	w := rpc.Writer{Data: []byte{0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, byte(len(syntaxes)), 0, 0, 0}}
	id, err := rpc.ParseUUID(i.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for n, syntax := range syntaxes {
		transfer, err := rpc.ParseUUID(syntax)
		if err != nil {
			t.Fatal(err)
		}
		w.U16(uint16(n))
		w.Octets(1, 0)
		w.Syntax(id, i.Major, i.Minor)
		w.Syntax(transfer, 2, 0)
	}
	return w.Data
}

func requestOf(call uint32, context, operation uint16, stub []byte) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(len(stub)))
	body = binary.LittleEndian.AppendUint16(body, context)
	body = binary.LittleEndian.AppendUint16(body, operation)
	return onWire(rpc.PDU{Kind: rpc.Request, Order: binary.LittleEndian, Call: call}, rpc.FirstFragment|rpc.LastFragment, append(body, stub...), nil)
}

func TestRPCAnswerContexts(t *testing.T) {
	const ndr64, features = "71710533-beba-4937-8319-b5dbef9ccc36", "6cb71c2c-9812-4540-0300-000000000000"
	heard, err := answersTo(rpcStand(), rpcSays(rpc.Bind, 7, bindOf(t, rpc.Mapper, ndr64, rpc.NDR.UUID, features)...))
	if err != nil || len(heard) != 1 || heard[0].Kind != rpc.BindAck || heard[0].Call != 7 {
		t.Fatalf("error %v, heard %+v", err, heard)
	}
	results := heard[0].Body[len(heard[0].Body)-3*24-4:]
	want := []byte{3, 2, 2, 0, 0, 2, 2}
	got := []byte{results[0], results[4], results[6], results[28], results[30], results[52], results[54]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestRPCAnswerFaults(t *testing.T) {
	bind := rpcSays(rpc.Bind, 1, bindOf(t, rpc.Mapper, rpc.NDR.UUID)...)
	s := rpcStand(everySequence...)
	own := rpcStand()
	own.Service.RPC = &emsmdb
	tests := []struct {
		name  string
		stand Stand
		asked [][]byte
		want  rpc.Status
	}{
		{"an operation that there is not", s, [][]byte{bind, requestOf(2, 0, 9, nil)}, rpc.BadOperation},
		{"a context that was not bound", s, [][]byte{bind, requestOf(2, 1, rpc.OpLookup, rpc.LookupRequest(rpc.Handle{}))}, rpc.UnknownInterface},
		{"no bind", s, [][]byte{requestOf(2, 0, rpc.OpLookup, rpc.LookupRequest(rpc.Handle{}))}, rpc.UnknownInterface},
		{"a stub that is cut short", s, [][]byte{bind, requestOf(2, 0, rpc.OpLookup, make([]byte, 39))}, rpc.BadStub},
		{"a tower that is none", s, [][]byte{bind, requestOf(2, 0, rpc.OpMap, make([]byte, 32))}, rpc.BadStub},
		{"a handle that was not given", s, [][]byte{bind, requestOf(2, 0, rpc.OpLookup, rpc.LookupRequest(rpc.Handle{ID: rpc.UUID{1}}))}, rpc.BadHandle},
		{"an interface has no operations", own, [][]byte{rpcSays(rpc.Bind, 1, bindOf(t, emsmdb, rpc.NDR.UUID)...), requestOf(2, 0, rpc.OpLookup, nil)}, rpc.BadOperation},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			heard, err := answersTo(test.stand, test.asked...)
			if err != nil || len(heard) != len(test.asked) {
				t.Fatalf("error %v, heard %+v", err, heard)
			}
			last := heard[len(heard)-1]
			if status, err := rpc.FaultStatus(last); last.Kind != rpc.Fault || err != nil || status != test.want {
				t.Errorf("got a %s, %v", rpc.Types[last.Kind], status)
			}
		})
	}
}

// TestRPCAnswerObject: a request may name an object before its stub.
func TestRPCAnswerObject(t *testing.T) {
	bind := rpcSays(rpc.Bind, 1, bindOf(t, rpc.Mapper, rpc.NDR.UUID)...)
	ask := requestOf(2, 0, rpc.OpLookup, append(make([]byte, 16), rpc.LookupRequest(rpc.Handle{})...))
	ask[3] |= rpc.ObjectFlag
	heard, err := answersTo(rpcStand(everySequence...), bind, ask)
	if err != nil || len(heard) != 2 || heard[1].Kind != rpc.Response {
		t.Fatalf("error %v, heard %+v", err, heard)
	}
	page, err := rpc.LookupPage(&rpc.Reader{Order: heard[1].Order, Data: heard[1].Body[rpc.CallSize:]})
	if err != nil || len(page.Towers) != len(everySequence) {
		t.Errorf("error %v, %d entries", err, len(page.Towers))
	}
}

// TestRPCAnswerInquiry: only whole listings are served, whatever a query holds.
func TestRPCAnswerInquiry(t *testing.T) {
	id, err := rpc.ParseUUID(emsmdb.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for inquiry, want := range []uint32{0: rpc.NotRegistered, 1: rpc.CannotPerform} {
		var w rpc.Writer
		w.U32(uint32(inquiry))
		w.U32(1)
		w.UUID(id) // an object
		w.U32(2)
		w.Syntax(id, 0, 81) // an interface
		w.U32(rpc.AllVersions)
		w.Handle(rpc.Handle{})
		w.U32(10)
		heard, err := answersTo(rpcStand(), rpcSays(rpc.Bind, 1, bindOf(t, rpc.Mapper, rpc.NDR.UUID)...), requestOf(2, 0, rpc.OpLookup, w.Data))
		if err != nil || len(heard) != 2 || heard[1].Kind != rpc.Response {
			t.Fatalf("error %v, heard %+v", err, heard)
		}
		page, err := rpc.LookupPage(&rpc.Reader{Order: heard[1].Order, Data: heard[1].Body[rpc.CallSize:]})
		if err != nil || page.Status != want || len(page.Towers) != 0 {
			t.Errorf("inquiry %d: error %v, page %+v", inquiry, err, page)
		}
	}
}

// TestRPCAnswerForeign: what is not RPC ends the connection, with a word on what is spoken
// here where it begins with that.
func TestRPCAnswerForeign(t *testing.T) {
	for _, words := range []string{"GET / HTTP/1.1\r\n\r\n", string(rpcSays(17, 1)), string(rpcSays(rpc.Bind, 1, 1, 2, 3))} {
		heard, err := answersTo(rpcStand(), []byte(words))
		if err == nil || slices.ContainsFunc(heard, func(p rpc.PDU) bool { return p.Kind != rpc.BindNak }) {
			t.Errorf("%q: error %v, heard %+v", words, err, heard)
		}
	}
}

// TestRPCAnswerMany: a client that never ends is let go.
func TestRPCAnswerMany(t *testing.T) {
	ask := requestOf(2, 0, 9, nil)
	heard, err := answersTo(rpcStand(), bytes.Repeat(ask, rpc.MaxMessages+1))
	if err == nil || len(heard) != rpc.MaxMessages {
		t.Errorf("error %v after %d answers", err, len(heard))
	}
}
