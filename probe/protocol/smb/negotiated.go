// SPDX-License-Identifier: Apache-2.0

// Package smb reads and writes what SMB puts on the wire (MS-SMB2, MS-CIFS): the NetBIOS
// session service before it, and the negotiation of a dialect from both ends. It does
// not log in. It imports package wire, and rpc to print UUIDs.
package smb

import (
	"fmt"
	"time"

	"exreach/probe/protocol/wire"
)

// A Negotiated is what the answer to a negotiation tells. Where the server refuses, only
// Refusal and Why are set.
type Negotiated struct {
	Refusal string
	Why     wire.Reason

	Dialect      string // "3.1.1"
	SMB1Only     bool   // the server chose SMB1
	Signing      string // "enabled", "required" or "disabled"
	SecurityMode string // how SMB1 checks clients: "user level, encrypted passwords"
	Capabilities []string
	Cipher       string    // how sessions may be encrypted
	GUID         string    // of the server
	Now, Boot    time.Time // by the server's clock; zero where it does not tell
	TimeZone     string    // of that clock, which SMB1 tells
	Domain       string    // NetBIOS names, which SMB1 tells
	Computer     string
}

func (n *Negotiated) turnAway(text string, why wire.Reason) { n.Refusal, n.Why = text, why }

// The bits of the security mode of a server, in SMB2 (MS-SMB2 section 2.2.4).
const (
	SigningEnabled  = 0x01
	signingRequired = 0x02
)

// A meaning is what a number in a refusal means: its name, and the reason for us.
type meaning struct {
	name string
	why  wire.Reason
}

// ntStatuses are the statuses that a negotiation may end with (MS-ERREF section
// 2.3.1, MS-SMB2 section 3.3.5.4).
var ntStatuses = map[uint32]meaning{
	InvalidParameter: {"STATUS_INVALID_PARAMETER", ""},
	AccessDenied:     {"STATUS_ACCESS_DENIED", wire.NeedsLogin},
	0xc000009a:       {"STATUS_INSUFFICIENT_RESOURCES", wire.Unavailable},
	NotSupported:     {"STATUS_NOT_SUPPORTED", ""},
	NotAccepted:      {"STATUS_REQUEST_NOT_ACCEPTED", wire.Limited}, // no more connections are let in
	0xc0000205:       {"STATUS_INSUFF_SERVER_RESOURCES", wire.Unavailable},
	0xc05d0000:       {"STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP", ""},
}

const (
	InvalidParameter = 0xc000000d
	AccessDenied     = 0xc0000022
	NotSupported     = 0xc00000bb
	NotAccepted      = 0xc00000d0
)

// Ask sends a message and returns the one that answers it.
func (c *Link) Ask(message []byte) ([]byte, error) {
	if err := c.Send(SessionMessage, message); err != nil {
		return nil, err
	}
	return c.Message()
}

// A flag is a bit with its name.
type flag struct {
	bit  uint32
	name string
}

// smbFlags names the bits that are set and known.
func smbFlags(set uint32, known []flag) []string {
	var names []string
	for _, f := range known {
		if set&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// signing names how a server treats signed messages, as Negotiated.Signing has it.
func signing(enabled, required bool) string {
	switch {
	case required:
		return "required"
	case enabled:
		return "enabled"
	}
	return "disabled"
}

// StatusText is the number of a status, with its name where that is known.
func StatusText(status uint32) string {
	return wire.Numbered(fmt.Sprintf("0x%08x", status), ntStatuses[status].name)
}

// A fileTime counts tenths of a microsecond from the year 1601 (MS-DTYP section
// 2.3.3).
type fileTime uint64

const (
	fileTimeSecond = 10_000_000
	fileTimeUnix   = 11_644_473_600 // seconds from 1601 to 1970
)

func newFileTime(t time.Time) fileTime {
	return fileTime(t.Unix()+fileTimeUnix)*fileTimeSecond + fileTime(t.Nanosecond()/100)
}

// time returns the time in UTC. It is zero where a server sends 0, or a year that RFC
// 3339 has no room for.
func (f fileTime) time() time.Time {
	t := time.Unix(int64(f/fileTimeSecond)-fileTimeUnix, int64(f%fileTimeSecond)*100).UTC()
	if f == 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
