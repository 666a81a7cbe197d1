// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol/rpc"
)

func FuzzAskRPC(f *testing.F) {
	var seeds []string
	for _, name := range []string{"rpc_samba_map.txt", "rpc_samba_bind.txt", "rpc_samba_reject.txt"} {
		_, server := rpcRecorded(f, name)
		seeds = append(seeds, string(server))
	}
	fuzzAsk(f, "rpc", append(seeds, string(rpcSays(rpc.BindNak, 1, 4, 0)), string(bindAckOf(2, 3)))...)
}

// FuzzAskRPCMap: as FuzzAskRPC, with interfaces that are asked for one by one.
func FuzzAskRPCMap(f *testing.F) {
	_, server := rpcRecorded(f, "rpc_samba_map.txt")
	f.Add(server)
	f.Fuzz(func(t *testing.T, said []byte) {
		peer, err := askRPC(hangsUpAfter(said), rpcWanting(emsmdb, drsuapi))
		if err == nil && peer.Refusal == "" && peer.Facts["entries"] == "" {
			t.Errorf("%q is taken for an endpoint map: %+v", said, peer)
		}
		peer.Clean()
		checkClean(t, peer)
	})
}

// FuzzAskRPCInterface: as FuzzAskRPC, on an interface's own port.
func FuzzAskRPCInterface(f *testing.F) {
	for _, name := range []string{"rpc_samba_mgmt.txt", "rpc_samba_mgmt_reject.txt", "rpc_samba_bind.txt"} {
		_, server := rpcRecorded(f, name)
		f.Add(server)
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		peer, err := askRPC(hangsUpAfter(said), rpcBinding(samr))
		if err == nil && len(said) < rpc.HeaderSize {
			t.Errorf("%q is taken for samr: %+v", said, peer)
		}
		if peer.Refusal != "" && peer.Facts != nil {
			t.Errorf("it refuses and tells: %+v", peer)
		}
		peer.Clean()
		checkClean(t, peer)
	})
}

// FuzzAnswerRPC: whatever a client sends, the stand-in ends, and says no more
// than packets.
func FuzzAnswerRPC(f *testing.F) {
	for _, name := range []string{"rpc_samba_map.txt", "rpc_samba_bind.txt", "rpc_samba_mgmt.txt"} {
		client, _ := rpcRecorded(f, name)
		f.Add(client)
	}
	s := rpcStand(everySequence...)
	f.Fuzz(func(t *testing.T, b []byte) {
		heard, _ := answersTo(s, b)
		for _, p := range heard {
			if !slices.Contains([]byte{rpc.BindAck, rpc.AlterAck, rpc.Response, rpc.Fault}, p.Kind) {
				t.Errorf("a server said %s", rpc.Types[p.Kind])
			}
		}
	})
}

// FuzzTower: whatever a tower holds, it is an endpoint or an error, and an
// endpoint of a known sequence comes back the same when it is written again.
func FuzzTower(f *testing.F) {
	for _, e := range everySequence {
		b, err := rpc.FormatTower(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := rpc.ParseTower(b)
		if err != nil {
			if e != (rpc.Endpoint{}) {
				t.Errorf("error %v beside %+v", err, e)
			}
			return
		}
		if _, err := rpc.ParseUUID(e.UUID); err != nil || e.Sequence == "" {
			t.Errorf("%+v: %v", e, err)
		}
		if e.Sequence != "ncacn_ip_tcp" || !strings.Contains(e.Address, ".") {
			return
		}
		again, err := rpc.FormatTower(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := rpc.ParseTower(again); err != nil || got.Port != e.Port || got.UUID != e.UUID || got.Minor != e.Minor {
			t.Error(errors.Join(err, errors.New(cmp.Diff(e, got))))
		}
	})
}
