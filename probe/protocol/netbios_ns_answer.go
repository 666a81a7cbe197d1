// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/smb"
)

const (
	netbiosActive     = 0x0400      // a name that is in use
	netbiosUnitID     = "\x02exsrv" // the MAC address of the stand-in, which no maker gives out
	netbiosStatistics = 46          // octets, of which the MAC address is the first
)

// answerNetBIOSNS tells the names that a Windows server of the role has, made of
// the labels of its host name.
func answerNetBIOSNS(conn net.Conn, s Stand) error {
	return netbiosEnvelope.serve(conn, catalog.UDP, func(message []byte) []byte {
		const response = 0x80
		if len(message) < netbiosHeaderSize || message[2]&response != 0 || !bytes.Equal(message[netbiosHeaderSize:], netbiosStatusQuestion()) {
			return nil
		}
		return netbiosStatus(message[:2], netbiosTable(s))
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
	status = append(status, make([]byte, netbiosStatistics-len(netbiosUnitID))...)
	message := append(bytes.Clone(id), authoritative, 0, 0, 0, 0, 1, 0, 0, 0, 0) // one answer
	message = append(message, netbiosStatusQuestion()...)
	message = append(message, 0, 0, 0, 0) // not to be kept
	message = binary.BigEndian.AppendUint16(message, uint16(len(status)))
	return append(message, status...)
}
