// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol/smb"
)

// A netbiosNode is a peer that says its datagrams, one a read, whatever it hears,
// and then ends with an error.
type netbiosNode struct {
	deaf
	says  []string // "??" at the beginning stands for the number of the question, "?!" for another
	then  error
	heard []string
}

func (n *netbiosNode) Write(p []byte) (int, error) {
	n.heard = append(n.heard, string(p))
	return len(p), nil
}

func (n *netbiosNode) Read(p []byte) (int, error) {
	if len(n.says) == 0 {
		return 0, n.then
	}
	said := []byte(n.says[0])
	n.says = n.says[1:]
	if len(said) > 2 && len(n.heard) > 0 && said[0] == '?' {
		other := said[1] == '!'
		copy(said, n.heard[0][:2])
		if other {
			said[1]++
		}
	}
	return copy(p, said), nil
}

// netbiosNodeSaying is a node that then says nothing more.
func netbiosNodeSaying(said ...string) *netbiosNode {
	return &netbiosNode{says: said, then: os.ErrDeadlineExceeded}
}

// netbiosSays is the answer of a node with entries of a name, a suffix and flags,
// 18 octets each, and what follows them.
func netbiosSays(count int, entries, statistics string) string {
	status := string([]byte{byte(count)}) + entries + statistics
	return "??\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00" + string(netbiosStatusQuestion()) +
		"\x00\x00\x00\x00\x00" + string([]byte{byte(len(status))}) + status
}

func netbiosNamed(name string, suffix, flags byte) string {
	return fmt.Sprintf("%-15s", name) + string([]byte{suffix, flags, 0})
}

func TestNetBIOSNames(t *testing.T) {
	_, samba := rpcRecorded(t, "netbios_samba.txt")
	const mac = "\x00\x15\x5d\x01\x02\x03"
	tests := []struct {
		name string
		said string
		want map[string]string
	}{
		{"Samba", "??" + string(samba[2:]), map[string]string{
			"names": "FS01<00> (computer), FS01<03> (messenger), FS01<20> (file service), " +
				"EXCH1<00> (computer), EXCH1<03> (messenger), EXCH1<20> (file service), " +
				"LABWG<00> (domain), LABWG<1b> (domain master browser), LABWG<1e> (browser elections)",
			"computer": "FS01", "domain": "LABWG",
		}},
		{
			"Exchange 5.5 with IIS, in conflict",
			netbiosSays(7, netbiosNamed("IS~MAIL01", 0, 0x04)+netbiosNamed("CONTOSO", 0, 0x84)+netbiosNamed("MAIL01", 0, 0x0c)+
				netbiosNamed("MAIL01", 0x23, 0x04)+netbiosNamed("MAIL01", 0x87, 0x04)+netbiosNamed("CONTOSO", 0x1c, 0x84)+netbiosNamed("MAIL01", 0x42, 0x0c), mac),
			map[string]string{
				"names": "IS~MAIL01<00> (computer), CONTOSO<00> (domain), MAIL01<00> (computer, in conflict), " +
					"MAIL01<23> (Exchange store), MAIL01<87> (Exchange MTA), CONTOSO<1c> (domain controllers), MAIL01<42> (in conflict)",
				"computer": "MAIL01", "domain": "CONTOSO", "mac": "00:15:5d:01:02:03",
			},
		},
		{
			"a file service alone, no statistics", netbiosSays(1, netbiosNamed("NAS", 0x20, 0x04), ""),
			map[string]string{"names": "NAS<20> (file service)", "computer": "NAS"},
		},
	}
	for _, test := range tests {
		peer, err := askNetBIOSNS(netbiosNodeSaying(test.said), questionUDP("netbios-ns"))
		if diff := cmp.Diff(Peer{Facts: test.want}, peer); diff != "" || err != nil {
			t.Errorf("%s: error %v, learned (-want +got):\n%s", test.name, err, diff)
		}
	}
}

func TestNetBIOSStandIn(t *testing.T) {
	for host, want := range map[string]map[string]string{
		"dc01.contoso.com": {"computer": "DC01", "domain": "CONTOSO", "mac": "02:65:78:73:72:76",
			"names": "DC01<00> (computer), CONTOSO<00> (domain), DC01<20> (file service), CONTOSO<1c> (domain controllers)"},
		"a-very-long-name-indeed": {"computer": "A-VERY-LONG-NAM", "domain": "WORKGROUP", "mac": "02:65:78:73:72:76",
			"names": "A-VERY-LONG-NAM<00> (computer), WORKGROUP<00> (domain), A-VERY-LONG-NAM<20> (file service), WORKGROUP<1c> (domain controllers)"},
	} {
		s := standInUDP("netbios-ns")
		s.Host, s.Service.Role = host, "domain-controller"
		peer, err := meetUDP(t, askNetBIOSNS, answerNetBIOSNS, questionUDP("netbios-ns"), s, enough)
		if diff := cmp.Diff(Peer{Facts: want}, peer); diff != "" || err != nil {
			t.Errorf("%s: error %v, learned (-want +got):\n%s", host, err, diff)
		}
	}
}

// TestNetBIOSStandInIgnores: a question that is not for the status of a node gets
// no answer, and the next one does.
func TestNetBIOSStandInIgnores(t *testing.T) {
	query := "\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + string(netbiosStatusQuestion())
	for _, datagram := range []string{"", "hello", query[:len(query)-1], query + "x",
		query[:2] + "\x84" + query[3:],                                            // an answer
		query[:12] + string(smb.NewName("*", 0).Encoded()) + query[len(query)-4:], // another name
		query[:len(query)-3] + "\x20" + query[len(query)-2:],                      // its address
	} {
		conn := &netbiosNode{says: []string{datagram, query}, then: io.EOF}
		if err := answerNetBIOSNS(conn, standInUDP("netbios-ns")); err != nil {
			t.Error(err)
		}
		if len(conn.heard) != 1 {
			t.Errorf("%q and a good question got %d answers", datagram, len(conn.heard))
		}
	}
}

func TestNetBIOSRefusals(t *testing.T) {
	name := string(netbiosStatusQuestion()[:34])
	for said, want := range map[string]string{
		"??\x80\x05\x00\x00\x00\x00\x00\x00\x00\x00" + name + "\x00\x0a\x00\x01\x00\x00\x00\x00\x00\x00": "5 RFS_ERR",
		"??\x84\x03\x00\x00\x00\x01\x00\x00\x00\x00" + name + "\x00\x0a\x00\x01\x00\x00\x00\x00\x00\x00": "3 NAM_ERR",
	} {
		peer, err := askNetBIOSNS(netbiosNodeSaying(said), questionUDP("netbios-ns"))
		if diff := cmp.Diff(Peer{Refusal: want}, peer); diff != "" || err != nil {
			t.Errorf("%q: error %v, learned (-want +got):\n%s", said, err, diff)
		}
	}
}

func TestNetBIOSForeign(t *testing.T) {
	question := string(netbiosStatusQuestion())
	good := netbiosSays(1, netbiosNamed("NAS", 0x20, 0x04), "")
	const status = "the status of a node without names"
	tests := []struct {
		said string
		got  string
	}{
		{"hello", "a datagram of 5 bytes that is something else"},
		{"", "a datagram of 0 bytes that is something else"},
		{"??\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question, "a datagram of 50 bytes that is something else"}, // an echo
		{"??\xac\x00\x00\x00\x00\x01\x00\x00\x00\x00" + question, "a datagram of 50 bytes that is something else"}, // the answer to a registration
		{"??\x80\x03\x00\x01\x00\x00\x00\x00\x00\x00" + question, "a refusal in DNS"},
		{"??\x80\x01\x00\x00\x00\x00\x00\x00\x00\x00", "a refusal in DNS"},
		{"??\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question, "a response without the status of a node"},
		{"??\x80\x00\x00\x00\x00\x01\x00\x00\x00\x00", "a response without the status of a node"},
		{strings.Replace(good, "\x00\x21\x00\x01", "\x00\x20\x00\x01", 1), "a response without the status of a node"},
		{good[:len(good)-1], status},
		{netbiosSays(0, "", "\x00\x15\x5d\x01\x02\x03"), status},
		{netbiosSays(2, netbiosNamed("NAS", 0x20, 0x04), "\x00\x15\x5d\x01\x02\x03"), status},
	}
	for _, test := range tests {
		t.Run(test.got, func(t *testing.T) {
			_, err := askNetBIOSNS(netbiosNodeSaying(test.said), questionUDP("netbios-ns"))
			wantMismatch(t, err, "the NetBIOS name service", test.got)
		})
	}
}

// TestNetBIOSStray: answers to questions of others are passed over.
func TestNetBIOSStray(t *testing.T) {
	good, other := netbiosSays(1, netbiosNamed("NAS", 0x20, 0x04), ""), netbiosSays(1, netbiosNamed("OTHER", 0x20, 0x04), "")
	stray := "?!" + other[2:]
	peer, err := askNetBIOSNS(netbiosNodeSaying(stray, stray, good), questionUDP("netbios-ns"))
	if err != nil || peer.Facts["computer"] != "NAS" {
		t.Errorf("error %v, facts %v", err, peer.Facts)
	}
	if _, err := askNetBIOSNS(netbiosNodeSaying(stray), questionUDP("netbios-ns")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stray answer and silence give %v", err)
	}
	_, err = askNetBIOSNS(netbiosNodeSaying(slices.Repeat([]string{stray}, 100)...), questionUDP("netbios-ns"))
	wantMismatch(t, err, "the NetBIOS name service", "many answers to what was not asked")
}

func FuzzAskNetBIOSNS(f *testing.F) {
	_, samba := rpcRecorded(f, "netbios_samba.txt")
	f.Add(samba)
	f.Add([]byte("??\x80\x05\x00\x00\x00\x00\x00\x00\x00\x00 "))
	f.Fuzz(func(t *testing.T, said []byte) {
		if len(said) > 2 {
			copy(said, "??") // what has another number is passed over
		}
		peer, err := askNetBIOSNS(netbiosNodeSaying(string(said)), questionUDP("netbios-ns"))
		if err == nil && peer.Refusal == "" && peer.Facts["names"] == "" {
			t.Errorf("%q is taken for the status of a node: %+v", said, peer)
		}
		peer.Clean()
		checkClean(t, peer)
	})
}
