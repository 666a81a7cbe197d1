// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"syscall"
	"testing"
)

// answer wraps a body as netlink does.
func answer(kind uint16, body []byte) []byte {
	b := make([]byte, nlHeader, nlHeader+len(body))
	binary.NativeEndian.PutUint32(b, uint32(nlHeader+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	return append(b, body...)
}

// attribute is one of netlink's, filled up to four bytes.
func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

// chainBody describes a chain as the kernel does.
func chainBody(family byte, hook, policy, rules uint32, table, name string) []byte {
	be := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	return slices.Concat([]byte{family, 0, 0, 0},
		attribute(1, []byte(table+"\x00")), attribute(chainName, []byte(name+"\x00")),
		attribute(0x8004, attribute(1, be(hook))), attribute(5, be(policy)), attribute(6, be(rules)))
}

func TestReadChains(t *testing.T) {
	const accept = 1
	b := slices.Concat(
		answer(nftNew, chainBody(1, localIn, accept, 3, "filter", "input")),
		answer(nftNew, chainBody(1, localIn, accept, 0, "filter", "empty")),
		answer(nftNew, chainBody(2, localIn, 0, 0, "filter", "INPUT")),
		answer(nftNew, chainBody(2, 3, 0, 5, "filter", "OUTPUT")),
		answer(nftNew, chainBody(7, localIn, 0, 5, "filter", "bridge")),
		answer(nftNew, []byte{1, 0, 0, 0, 200, 0, 1, 0}),
		answer(nlDone, nil),
	)
	var got []chain
	done, err := readChains(b, func(c chain) { got = append(got, c) })
	want := []chain{{"inet", "filter", "input"}, {"ip", "filter", "INPUT"}}
	if !done || err != nil || !slices.Equal(got, want) {
		t.Errorf("done %t, error %v, chains %v, want %v", done, err, got, want)
	}
	if q := chainsQuestion(); len(q) != 20 || binary.NativeEndian.Uint32(q) != 20 {
		t.Errorf("question % x", q)
	}
}

func TestReadChainsMalformed(t *testing.T) {
	long := answer(nftNew, chainBody(1, localIn, 0, 0, "filter", "input"))
	binary.NativeEndian.PutUint32(long, uint32(len(long)+1))
	errno := -int32(syscall.EPERM)
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"longer than what came": {long, errChains},
		"a header cut off":      {answer(nftNew, []byte{1}), errChains},
		"an error cut off":      {answer(nlError, nil), errChains},
		"not root":              {answer(nlError, binary.NativeEndian.AppendUint32(nil, uint32(errno))), syscall.EPERM},
	} {
		if done, err := readChains(bytes.Clone(c.b), func(chain) { t.Errorf("%s: gave a chain", name) }); !done || !errors.Is(err, c.want) {
			t.Errorf("%s: done %t, error %v", name, done, err)
		}
	}
}

// TestChainsDecide wants what root sees to go before what files tell.
func TestChainsDecide(t *testing.T) {
	odd := chain{"inet", "a b; reboot", "input"}
	for name, c := range map[string]struct {
		files  Wall
		chains []chain
		kind   string
		active bool
		chain  string
	}{
		"ufw's files, and no rules": {Wall{Kind: UFW, Active: true, Known: true}, nil, "", false, ""},
		"ufw":                       {Wall{Kind: UFW, Active: true, Known: true}, []chain{{"ip", "filter", "INPUT"}}, UFW, true, "ip filter INPUT"},
		"old tables":                {Wall{Kind: Iptables, Active: true, Known: true}, nil, Iptables, true, ""},
		"inet goes first":           {Wall{}, []chain{{"ip", "x", "y"}, {"inet", "f", "in"}}, Nftables, true, "inet f in"},
		"a name to be wary of":      {Wall{}, []chain{odd}, Nftables, true, ""},
	} {
		got := c.files.with(c.chains)
		if got.Kind != c.kind || got.Active != c.active || !got.Known || got.chain != c.chain {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
