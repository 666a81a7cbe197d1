// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol/rpc"
)

// interfaceFloors are the first two floors of a tower for EMSMDB 0.81 over NDR,
// written by hand from C706 appendix L.
const interfaceFloors = `
	1300 0d 00dbf1a4 47ca 6710 b31f00dd010662da 0000  0200 5100
	1300 0d 045d888a eb1c c911 9fe808002b104860 0200  0200 0000`

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
		want         rpc.Endpoint
	}{
		{"TCP", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 0400 0a010203",
			rpc.Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "10.1.2.3"}},
		{"HTTP", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 1f 0200 1771  0100 09 0400 00000000",
			rpc.Endpoint{Sequence: "ncacn_http", Port: 6001, Address: "0.0.0.0"}},
		{"UDP", "0500" + interfaceFloors + "0100 0a 0200 0000  0100 08 0200 0403  0100 09 0400 00000000",
			rpc.Endpoint{Sequence: "ncadg_ip_udp", Port: 1027, Address: "0.0.0.0"}},
		{"pipe", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 0f 0800 5c706970655c6100  0100 11 0400 5c5c4200",
			rpc.Endpoint{Sequence: "ncacn_np", Address: `\\B\pipe\a`}},
		{"local", "0400" + interfaceFloors + "0100 0c 0200 0000  0100 10 0300 4f4c00",
			rpc.Endpoint{Sequence: "ncalrpc", Address: "OL"}},
		{"IPv6", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 1000 fd770000000000000000000000000001",
			rpc.Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "fd77::1"}},
		{"no host", "0400" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008",
			rpc.Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160}},
		{"SPX", "0500" + interfaceFloors + "0100 0b 0200 0000  0100 13 0200 5100  0100 14 0100 00",
			rpc.Endpoint{Sequence: "unknown 0x13", Address: "Q"}},
		{"a sixth floor", "0600" + interfaceFloors + "0100 0b 0200 0000  0100 07 0200 c008  0100 09 0400 0a010203  0100 77 0000",
			rpc.Endpoint{Sequence: "ncacn_ip_tcp", Port: 49160, Address: "10.1.2.3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.UUID, test.want.Minor = emsmdb.UUID, 81
			octets := towerOf(t, test.octets)
			got, err := rpc.ParseTower(octets)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, endpoint (-want +got):\n%s", err, diff)
			}
			for n := range octets {
				if e, err := rpc.ParseTower(octets[:n]); err == nil {
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
		{"no floors", []byte{0, 0}, rpc.ErrTower.Error()},
		{"65535 floors", patched(fine, 0, 0xffff), rpc.ErrTower.Error()},
		{"a left side past the end", patched(fine, 2, 0xffff), rpc.ErrTower.Error()},
		{"a right side past the end", patched(fine, 23, 0xffff), rpc.ErrTower.Error()},
		{"an empty left side", towerOf(t, "0400"+interfaceFloors+"0000 0200 0000  0100 07 0200 c008 0000"), rpc.ErrTower.Error()},
		{"three floors", patched(fine, 0, 3), "the tower does not begin with an interface"},
		{"another protocol first", patched(fine, 4, 0x0b), "the tower does not begin with an interface"},
		{"a port of three bytes", towerOf(t, "0400"+interfaceFloors+"0100 0b 0200 0000  0100 07 0300 c00800"), "the tower's port is not two bytes long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if e, err := rpc.ParseTower(test.octets); err == nil || err.Error() != test.want {
				t.Errorf("endpoint %+v, error %v, want %q", e, err, test.want)
			}
		})
	}
}

func TestEncodeTower(t *testing.T) {
	for _, e := range everySequence {
		b, err := rpc.FormatTower(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rpc.ParseTower(b)
		e.Name, e.Annotation = "", "" // not in the tower
		if diff := cmp.Diff(e, got); diff != "" || err != nil {
			t.Errorf("error %v, endpoint (-want +got):\n%s", err, diff)
		}
	}
	for _, e := range []rpc.Endpoint{{UUID: "x", Sequence: "ncalrpc"}, {UUID: emsmdb.UUID, Sequence: "ncacn_spx"}} {
		if b, err := rpc.FormatTower(e); err == nil {
			t.Errorf("%+v became the tower %x", e, b)
		}
	}
}
