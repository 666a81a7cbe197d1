// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/catalog"
	"exreach/probe/protocol/smb"
	"exreach/probe/protocol/wire"
)

// netbiosEnvelope frames messages as RFC 1002 section 4.2 has it: they have the format of
// DNS. A node tells its status over UDP only.
var netbiosEnvelope = envelope{want: "the NetBIOS name service"}

const (
	netbiosHeaderSize = 12
	netbiosNodeStatus = 0x21 // NBSTAT; the number of SRV in DNS
	netbiosEntrySize  = 18
	netbiosGroup      = 0x8000 // flag of a name that several hosts may have
	netbiosConflict   = 0x0800 // flag of a name that another host has, too
)

// netbiosMeanings says, by the suffix of a name, what registers it: first for a name of
// one host, then for the name of a group (Microsoft KB163409). The services of Exchange
// are those of 4.0 to 5.5.
var netbiosMeanings = map[byte][2]string{
	smb.Workstation: {"computer", "domain"},
	0x01:            {"messenger", "master browser"},
	0x03:            {"messenger", ""},
	0x06:            {"RAS server", ""},
	0x1b:            {"domain master browser", ""},
	0x1c:            {"", "domain controllers"},
	0x1d:            {"master browser", ""},
	0x1e:            {"", "browser elections"},
	0x1f:            {"NetDDE", ""},
	smb.Server:      {"file service", ""},
	0x21:            {"RAS client", ""},
	0x22:            {"Exchange MS Mail connector", ""},
	0x23:            {"Exchange store", ""},
	0x24:            {"Exchange directory", ""},
	0x6a:            {"Exchange Internet Mail Connector", ""},
	0x87:            {"Exchange MTA", ""},
}

// netbiosErrors names the codes by which a node refuses (RFC 1002 section 4.2.14).
var netbiosErrors = map[dnsmessage.RCode]string{1: "FMT_ERR", 2: "SRV_ERR", 3: "NAM_ERR", 4: "IMP_ERR", 5: "RFS_ERR"}

// askNetBIOSNS asks a node for its names (RFC 1002 section 4.2.17), as nbtstat -A
// does.
func askNetBIOSNS(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails
	q.At(Greet)
	query := append(id[:], 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) // one question
	query = append(query, netbiosStatusQuestion()...)
	message, err := netbiosEnvelope.exchange(conn, catalog.UDP, query, func(head []byte) sight { return lookNetBIOS(head, id) })
	if err != nil {
		return p, err
	}
	err = describeNetBIOS(message, &p)
	return p, err
}

// netbiosStatusQuestion asks for the status of *: every node answers to that name.
func netbiosStatusQuestion() []byte {
	return append(smb.Name{'*'}.Encoded(), 0, netbiosNodeStatus, 0, 1)
}

// lookNetBIOS knows a response by its header.
func lookNetBIOS(head []byte, id [2]byte) sight {
	const response, operation = 0x80, 0x78
	switch {
	case len(head) < netbiosHeaderSize || head[2]&(response|operation) != response:
		return alien
	case !bytes.HasPrefix(head, id[:]):
		return stray
	}
	return own
}

// describeNetBIOS reads a response (RFC 1002 section 4.2.18). A DNS server, whose
// refusals have the same header, repeats the question in them; a node does not.
func describeNetBIOS(message []byte, p *Peer) error {
	var parser dnsmessage.Parser
	header, err := parser.Start(message)
	if err != nil {
		return netbiosEnvelope.mismatch("a response that is cut short")
	}
	if header.RCode != 0 {
		if !bytes.HasPrefix(message[4:], []byte{0, 0}) || !bytes.HasPrefix(message[netbiosHeaderSize:], []byte{2 * byte(len(smb.Name{}))}) {
			return netbiosEnvelope.mismatch("a refusal in DNS")
		}
		p.Refusal = strings.TrimSpace(fmt.Sprintf("%d %s", header.RCode, netbiosErrors[header.RCode]))
		return nil
	}
	_ = parser.SkipAllQuestions() // AnswerHeader returns its error
	resource, err := parser.AnswerHeader()
	if err != nil || resource.Type != netbiosNodeStatus {
		return netbiosEnvelope.mismatch("a response without the status of a node")
	}
	status, err := parser.UnknownResource()
	if err != nil || len(status.Data) == 0 || status.Data[0] == 0 || len(status.Data) < 1+int(status.Data[0])*netbiosEntrySize {
		return netbiosEnvelope.mismatch("the status of a node without names")
	}
	count, rest := int(status.Data[0]), status.Data[1:]
	describeNetBIOSNames(rest[:count*netbiosEntrySize], p)
	if rest = rest[count*netbiosEntrySize:]; len(rest) >= 6 && !bytes.Equal(rest[:6], make([]byte, 6)) { // Samba sends zeros
		p.fact(FactMAC, net.HardwareAddr(rest[:6]).String())
	}
	return nil
}

// describeNetBIOSNames notes the names in the entries of a node's table.
func describeNetBIOSNames(entries []byte, p *Peer) {
	var names []string
	var computer, server, domain string
	for ; len(entries) > 0; entries = entries[netbiosEntrySize:] {
		name, flags := smb.Name(entries), binary.BigEndian.Uint16(entries[len(smb.Name{}):])
		names = append(names, netbiosEntry(name, flags))
		switch group := flags&netbiosGroup != 0; {
		case group && name.Suffix() == smb.Workstation:
			domain = cmp.Or(domain, name.Text())
		case group || strings.HasPrefix(name.Text(), "IS~"): // IIS
		case name.Suffix() == smb.Workstation:
			computer = cmp.Or(computer, name.Text())
		case name.Suffix() == smb.Server:
			server = cmp.Or(server, name.Text())
		}
	}
	p.fact(FactNames, strings.Join(names, ", "))
	p.fact(FactComputer, cmp.Or(computer, server))
	p.fact(FactDomain, domain)
}

// netbiosEntry is a name as nbtstat writes it, and what it means: "MAIL01<20>
// (file service)".
func netbiosEntry(name smb.Name, flags uint16) string {
	meaning := netbiosMeanings[name.Suffix()][flags>>15]
	if flags&netbiosConflict != 0 {
		meaning = strings.TrimPrefix(meaning+", in conflict", ", ")
	}
	return wire.Numbered(fmt.Sprintf("%s<%02x>", name.Text(), name.Suffix()), meaning)
}

const (
	netbiosActive     = 0x0400      // flag of a name that is in use
	netbiosUnitID     = "\x02exsrv" // the MAC address of the stand-in, which no maker gives out
	netbiosStatistics = 46          // octets; they begin with the MAC address
)

// answerNetBIOSNS tells the names that a Windows server of the role has. It makes them
// of the labels of s.Host.
func answerNetBIOSNS(conn net.Conn, s Stand) error {
	return netbiosEnvelope.serve(conn, catalog.UDP, func(message []byte) []byte {
		const response = 0x80
		if len(message) < netbiosHeaderSize || message[2]&response != 0 || !bytes.Equal(message[netbiosHeaderSize:], netbiosStatusQuestion()) {
			return nil
		}
		return s.fits(netbiosStatus(message[:2], netbiosTable(s)))
	})
}

// netbiosTable is the stand-in's table of names.
func netbiosTable(s Stand) []byte {
	computer, rest, _ := strings.Cut(s.Host, ".")
	domain, _, _ := strings.Cut(rest, ".")
	domain = cmp.Or(domain, "WORKGROUP")
	var table []byte
	add := func(name string, suffix byte, flags uint16) {
		entry := smb.NewName(name, suffix)
		table = binary.BigEndian.AppendUint16(append(table, entry[:]...), flags|netbiosActive)
	}
	add(computer, smb.Workstation, 0)
	add(domain, smb.Workstation, netbiosGroup)
	add(computer, smb.Server, 0)
	if s.Service.Role == "domain-controller" {
		add(domain, 0x1c, netbiosGroup)
	}
	return table
}

// netbiosStatus is a response with the table (RFC 1002 section 4.2.18).
func netbiosStatus(id, table []byte) []byte {
	const authoritative = 0x84 // and a response
	status := append([]byte{byte(len(table) / netbiosEntrySize)}, table...)
	status = append(status, netbiosUnitID...)
	status = append(status, Mark...) // in place of counters that no client reads
	status = append(status, make([]byte, netbiosStatistics-len(netbiosUnitID)-len(Mark))...)
	message := append(bytes.Clone(id), authoritative, 0, 0, 0, 0, 1, 0, 0, 0, 0) // one answer
	message = append(message, netbiosStatusQuestion()...)
	message = append(message, 0, 0, 0, 0) // the time to live: 0
	message = binary.BigEndian.AppendUint16(message, uint16(len(status)))
	return append(message, status...)
}
