// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// interfaceFloors are the first two floors of a tower for EMSMDB 0.81 over NDR,
// written by hand from C706 appendix L.
const interfaceFloors = `
	1300 0d 00dbf1a4 47ca 6710 b31f00dd010662da 0000  0200 5100
	1300 0d 045d888a eb1c c911 9fe808002b104860 0200  0200 0000`

const (
	emsmdb = "a4f1db00-ca47-1067-b31f-00dd010662da"
	nspi   = "f5cc5a18-4264-101a-8c59-08002b2f8426"
)

// everySequence is one endpoint for each protocol sequence.
var everySequence = []Endpoint{
	{UUID: emsmdb, Minor: 81, Sequence: "ncacn_ip_tcp", Port: 49160, Address: "0.0.0.0", Annotation: "Microsoft Exchange RPC"},
	{UUID: emsmdb, Minor: 81, Sequence: "ncacn_http", Port: 6001, Address: "10.1.2.3"},
	{UUID: nspi, Major: 56, Sequence: "ncadg_ip_udp", Port: 1027, Address: "10.1.2.3", Annotation: "seven b"},
	{UUID: nspi, Major: 56, Sequence: "ncacn_np", Address: `\\MAIL1\pipe\lsass`},
	{UUID: nspi, Major: 56, Sequence: "ncalrpc", Address: "OLE1234"},
}

// patched is a copy with another number at an offset.
func patched(b []byte, offset int, v uint16) []byte {
	b = slices.Clone(b)
	binary.LittleEndian.PutUint16(b[offset:], v)
	return b
}

func towerOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTower(t *testing.T) {
	tests := []struct {
		name, octets string
		want         Endpoint
	}{
		{"TCP", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 0400 0a010203",
			Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "10.1.2.3"}},
		{"HTTP", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 1f 0200 1771  0100 09 0400 00000000",
			Endpoint{Sequence: "ncacn_http", Port: 6001, Address: "0.0.0.0"}},
		{"UDP", "0500" + interfaceFloors + "0100 0a 0200 0000  0100 08 0200 0403  0100 09 0400 00000000",
			Endpoint{Sequence: "ncadg_ip_udp", Port: 1027, Address: "0.0.0.0"}},
		{"pipe", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 0f 0800 5c706970655c6100  0100 11 0400 5c5c4200",
			Endpoint{Sequence: "ncacn_np", Address: `\\B\pipe\a`}},
		{"local", "0400" + interfaceFloors + "0100 0c 0200 0000  0100 10 0300 4f4c00",
			Endpoint{Sequence: "ncalrpc", Address: "OL"}},
		{"IPv6", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 1000 fd770000000000000000000000000001",
			Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "fd77::1"}},
		{"no host", "0400" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008",
			Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160}},
		{"SPX", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 13 0200 5100  0100 14 0100 00",
			Endpoint{Sequence: "unknown 0x13", Address: "Q"}},
		{"a sixth floor", "0600" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 0400 0a010203  0100 77 0000",
			Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "10.1.2.3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.UUID, test.want.Minor = emsmdb, 81
			octets := towerOf(t, test.octets)
			got, err := ParseTower(octets)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, endpoint (-want +got):\n%s", err, diff)
			}
			for n := range octets {
				if e, err := ParseTower(octets[:n]); err == nil {
					t.Errorf("the first %d bytes are taken for %+v", n, e)
				}
			}
		})
	}
}

func TestBadTower(t *testing.T) {
	fine := towerOf(t, "0400"+interfaceFloors+"0100 0b 0200 0000  0100 07 0200 c008")
	tests := []struct {
		name   string
		octets []byte
		want   string
	}{
		{"no floors", []byte{0, 0}, ErrTower.Error()},
		{"65535 floors", patched(fine, 0, 0xffff), ErrTower.Error()},
		{"a left side past the end", patched(fine, 2, 0xffff), ErrTower.Error()},
		{"a right side past the end", patched(fine, 23, 0xffff), ErrTower.Error()},
		{"an empty left side", towerOf(t, "0400"+interfaceFloors+"0000 0200 0000  0100 07 0200 c008 0000"), ErrTower.Error()},
		{"three floors", patched(fine, 0, 3), "the tower does not begin with an interface"},
		{"another protocol first", patched(fine, 4, 0x0b), "the tower does not begin with an interface"},
		{"a port of three bytes", towerOf(t, "0400"+interfaceFloors+"0100 0b 0200 0000  0100 07 0300 c00800"), "the tower's port is not two bytes long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if e, err := ParseTower(test.octets); err == nil || err.Error() != test.want {
				t.Errorf("endpoint %+v, error %v, want %q", e, err, test.want)
			}
		})
	}
}

func TestEncodeTower(t *testing.T) {
	for _, e := range everySequence {
		b, err := FormatTower(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTower(b)
		e.Name, e.Annotation = "", "" // not in the tower
		if diff := cmp.Diff(e, got); diff != "" || err != nil {
			t.Errorf("error %v, endpoint (-want +got):\n%s", err, diff)
		}
	}
	odd := Endpoint{UUID: emsmdb, Sequence: "ncacn_np", Address: "\\\x8e\x8e\x8e\x8e\\PIPE\\a"}
	if b, err := FormatTower(odd); err != nil {
		t.Error(err)
	} else if got, err := ParseTower(b); err != nil || got.Address != odd.Address {
		t.Errorf("a pipe of bytes that are no text comes back as %q, error %v", got.Address, err)
	}
	for _, e := range []Endpoint{{UUID: "x", Sequence: "ncalrpc"}, {UUID: emsmdb, Sequence: "ncacn_spx"}} {
		if b, err := FormatTower(e); err == nil {
			t.Errorf("%+v became the tower %x", e, b)
		}
	}
}

// FuzzTower: whatever a tower holds, it is an endpoint or an error, and an endpoint that
// is written again comes back as it is.
func FuzzTower(f *testing.F) {
	for _, e := range everySequence {
		if b, err := FormatTower(e); err == nil {
			f.Add(b)
		}
	}
	rewritten := func(e Endpoint) (Endpoint, bool) {
		b, err := FormatTower(e)
		if err != nil {
			return e, false
		}
		again, err := ParseTower(b)
		return again, err == nil
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		e, err := ParseTower(said)
		if err != nil {
			if e != (Endpoint{}) {
				t.Errorf("error %v beside %+v", err, e)
			}
			return
		}
		if _, err := ParseUUID(e.UUID); err != nil || e.Sequence == "" {
			t.Errorf("%+v: %v", e, err)
		}
		once, ok := rewritten(e) // with the address 0.0.0.0 where it had none
		if twice, again := rewritten(once); ok && (!again || twice != once) {
			t.Errorf("%+v comes back as %+v", once, twice)
		}
	})
}
