// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"testing"

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
			if !slices.Contains([]byte{rpc.BindAck, rpc.BindNak, rpc.AlterAck, rpc.Response, rpc.Fault}, p.Kind) {
				t.Errorf("a server said %s", rpc.Types[p.Kind])
			}
		}
	})
}
