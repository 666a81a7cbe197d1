// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
)

// A chain is one of nftables' that sees what comes in for this host, and has rules or drops
// all. The tables of iptables are such chains, too, unless they are of the old kind.
type chain struct{ family, table, name string }

// Numbers of linux/netfilter/nf_tables.h and nfnetlink.h. Headers are in the order of bytes
// of this machine, what attributes hold is in the order of the network.
const (
	nlHeader  = 16
	nfHeader  = 4
	nlError   = 2
	nlDone    = 3
	nlDump    = 1 | 0x300
	nftNew    = 10<<8 | 3 // NFT_MSG_NEWCHAIN
	nftGet    = 10<<8 | 4 // NFT_MSG_GETCHAIN
	chainName = 3         // NFTA_CHAIN_NAME; NFTA_CHAIN_TABLE is 1, _HOOK 4, _POLICY 5, _USE 6
	localIn   = 1         // NF_INET_LOCAL_IN
)

// errChains says that an answer of the system is not what its header says.
var errChains = errors.New("nf_tables: a malformed answer")

// chainsQuestion asks for the chains of all families.
func chainsQuestion() []byte {
	b := make([]byte, nlHeader+nfHeader)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], nftGet)
	binary.NativeEndian.PutUint16(b[6:], nlDump)
	return b
}

// readChains gives each chain of one datagram of answers that may drop what comes in to add.
// Done is true after the last one.
func readChains(b []byte, add func(chain)) (done bool, err error) {
	for len(b) >= nlHeader {
		size := int64(binary.NativeEndian.Uint32(b))
		if size < nlHeader || size > int64(len(b)) {
			return true, errChains
		}
		body := b[nlHeader:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case nlDone:
			return true, nil
		case nlError:
			if len(body) < 4 {
				return true, errChains
			}
			return true, fmt.Errorf("nf_tables: %w", syscall.Errno(-int32(binary.NativeEndian.Uint32(body))))
		case nftNew:
			if len(body) < nfHeader {
				return true, errChains
			}
			if c, ok := readChain(body[0], attributes(body[nfHeader:])); ok {
				add(c)
			}
		}
		b = b[min((size+3)&^3, int64(len(b))):]
	}
	return false, nil
}

// readChain reports false for a chain that drops nothing of what comes in.
func readChain(family byte, of map[uint16][]byte) (chain, bool) {
	families := map[byte]string{1: "inet", 2: "ip", 10: "ip6"}
	hook, hooked := number32(attributes(of[4])[1])
	policy, known := number32(of[5])
	rules, _ := number32(of[6])
	const drop = 0
	c := chain{families[family], text(of[1]), text(of[chainName])}
	return c, c.family != "" && hooked && hook == localIn && (rules > 0 || known && policy == drop)
}

// attributes reads what follows a header of netlink: each a length, a type and a value. It
// ends at one that is longer than what is left.
func attributes(b []byte) map[uint16][]byte {
	all := map[uint16][]byte{}
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			break
		}
		all[binary.NativeEndian.Uint16(b[2:])&0x3fff] = b[4:size]
		b = b[min((size+3)&^3, len(b)):]
	}
	return all
}

func number32(b []byte) (uint32, bool) {
	if len(b) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

func text(b []byte) string { return strings.TrimRight(string(b), "\x00") }

// plainName is a name that needs no quotes in a shell or in nft.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// with completes what files told by the chains that root can see: they decide whether the
// firewall is on.
func (w Wall) with(chains []chain) Wall {
	if w.Kind == Iptables && w.Known {
		return w // in tables of the old kind
	}
	w.Known, w.Active, w.seen = true, len(chains) > 0, true
	if !w.Active {
		w.Kind, w.Profile = "", ""
		return w
	}
	if w.Kind != Firewalld && w.Kind != UFW {
		w.Kind = Nftables
		if c := chains[0]; c.table == "filter" && c.name == "INPUT" && c.family != "inet" {
			w.Kind = Iptables
		}
	}
	for _, c := range chains {
		if plainName.MatchString(c.table) && plainName.MatchString(c.name) && (w.chain == "" || c.family == "inet") {
			w.chain = c.family + " " + c.table + " " + c.name
		}
	}
	return w
}
