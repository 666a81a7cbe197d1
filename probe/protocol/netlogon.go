// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"exreach/probe/protocol/wire"
)

// A samLogon is how a domain controller describes itself to clients that look for one:
// NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS, section 6.3.1.9). CLDAP carries it.
type samLogon struct {
	operation uint16
	flags     uint32
	names     [samLogonNames]string
}

// The names of a samLogon, in their order.
const (
	samForest = iota
	samDomain
	samHost
	samNetBIOSDomain
	samNetBIOSHost
	samUser
	samSite
	samClientSite
	samLogonNames
)

// Where the flags and the names begin, and how many octets are behind the names. Before
// them are operation, zeros, flags and the domain's GUID; behind them are versions.
const (
	samFlagsAt = 4
	samNamesAt = 24
	samTail    = 8
)

// Operations (MS-ADTS, section 6.3.1.3).
const (
	samResponse    = 23
	samPaused      = 24
	samUnknownUser = 25
)

// The longest label and the longest name, in octets (RFC 1035, sections 2.3.4 and 4.1.4).
const (
	maxDNSLabel = 63
	maxDNSName  = 255
)

// samFlags names each flag, by the number of its bit (MS-ADTS, section 6.3.1.2).
var samFlags = []string{
	0: "pdc", 2: "gc", 3: "ldap", 4: "ds", 5: "kdc", 6: "timeserv", 7: "closest", 8: "writable", 9: "good-timeserv", 10: "non-domain",
	11: "read-only", 12: "full-secrets", 13: "web-services", 14: "windows-2012", 15: "windows-2012-r2", 16: "windows-2016",
}

// describeNetlogon notes what a domain controller says about itself.
func describeNetlogon(value []byte, p *Peer) error {
	l, ok := decodeSAMLogon(value)
	if !ok {
		return cldapEnvelope.mismatch("a netlogon value with the wrong parts")
	}
	p.fact(FactDNSDomain, l.names[samDomain])
	p.fact(FactForest, l.names[samForest])
	p.fact(FactDC, strings.TrimPrefix(l.names[samHost], `\\`))
	p.fact(FactNetBIOSDomain, l.names[samNetBIOSDomain])
	p.fact(FactSite, l.names[samSite])
	p.fact(FactClientSite, l.names[samClientSite])
	p.fact(FactFlags, l.flagWords())
	if l.operation == samPaused {
		p.turnAway("the Netlogon service is paused", wire.Unavailable)
	}
	return nil
}

func (l samLogon) flagWords() string {
	var words []string
	for bit, word := range samFlags {
		if word != "" && l.flags>>bit&1 == 1 {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// decodeSAMLogon reads a value and reports whether it is whole and of a known operation.
func decodeSAMLogon(b []byte) (samLogon, bool) {
	var l samLogon
	if len(b) < samNamesAt {
		return l, false
	}
	l.operation = binary.LittleEndian.Uint16(b)
	l.flags = binary.LittleEndian.Uint32(b[samFlagsAt:])
	at, ok := samNamesAt, true
	for i := range l.names {
		if l.names[i], at, ok = compressedName(b, at); !ok {
			return l, false
		}
	}
	known := []uint16{samResponse, samPaused, samUnknownUser}
	return l, slices.Contains(known, l.operation) && len(b)-at >= samTail
}

// compressedName reads the name at a place and returns where the next one begins
// (RFC 1035, section 4.1.4). It takes only pointers that lead back. Where these lead in
// a circle, the limit of a name's length ends it.
func compressedName(b []byte, at int) (name string, next int, ok bool) {
	const pointer = 0xc0
	var labels []string
	for size := 0; at < len(b); {
		n, content := int(b[at]), at+1
		switch {
		case n == 0:
			return strings.Join(labels, "."), cmp.Or(next, content), true
		case n <= maxDNSLabel:
			if size += n + 1; size > maxDNSName || content+n > len(b) {
				return "", 0, false
			}
			labels = append(labels, string(b[content:content+n]))
			at = content + n
		case n < pointer || content == len(b):
			return "", 0, false
		default:
			to := (n&^pointer)<<8 | int(b[content])
			if to >= at {
				return "", 0, false
			}
			next = cmp.Or(next, content+1)
			at = to
		}
	}
	return "", 0, false
}

// standInLogon is what a controller called s.Host would say.
func standInLogon(s Stand) samLogon {
	domain := wire.DomainOf(s.Host)
	netbios, _, _ := strings.Cut(strings.ToUpper(domain), ".")
	short, _, _ := strings.Cut(strings.ToUpper(s.Host), ".")
	const site = "Default-First-Site-Name"
	l := samLogon{operation: samResponse}
	for bit, word := range samFlags {
		if slices.Contains([]string{"pdc", "gc", "ldap", "ds", "kdc", "timeserv", "closest", "writable", "full-secrets"}, word) {
			l.flags |= 1 << bit
		}
	}
	l.names = [samLogonNames]string{
		samForest: domain, samDomain: domain, samHost: s.Host,
		samNetBIOSDomain: netbios, samNetBIOSHost: short,
		samSite: site, samClientSite: site,
	}
	return l
}

// encode is the reverse of decodeSAMLogon. It uses no pointers, and the domain's GUID
// stays zero.
func (l samLogon) encode() []byte {
	b := make([]byte, samNamesAt)
	binary.LittleEndian.PutUint16(b, l.operation)
	binary.LittleEndian.PutUint32(b[samFlagsAt:], l.flags)
	for _, name := range l.names {
		for label := range strings.SplitSeq(name, ".") {
			if label != "" {
				label = label[:min(len(label), maxDNSLabel)]
				b = append(append(b, byte(len(label))), label...)
			}
		}
		b = append(b, 0)
	}
	return append(b, 5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff) // version 5, and no tokens
}
