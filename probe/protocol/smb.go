// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// The bits of the security mode of a server, in SMB2 (MS-SMB2 section 2.2.4).
const (
	smbSigningEnabled  = 0x01
	smbSigningRequired = 0x02
)

// ntStatuses names the statuses that a negotiation may end with (MS-ERREF
// section 2.3.1, MS-SMB2 section 3.3.5.4).
var ntStatuses = map[uint32]string{
	ntInvalidParameter: "STATUS_INVALID_PARAMETER",
	ntAccessDenied:     "STATUS_ACCESS_DENIED",
	ntNoResources:      "STATUS_INSUFFICIENT_RESOURCES",
	ntNotSupported:     "STATUS_NOT_SUPPORTED",
	ntNotAccepted:      "STATUS_REQUEST_NOT_ACCEPTED",
	ntServerResources:  "STATUS_INSUFF_SERVER_RESOURCES",
	0xc05d0000:         "STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP",
}

const (
	ntInvalidParameter = 0xc000000d
	ntAccessDenied     = 0xc0000022
	ntNoResources      = 0xc000009a
	ntNotSupported     = 0xc00000bb
	ntNotAccepted      = 0xc00000d0
	ntServerResources  = 0xc0000205
)

// ntReasons is why a server turns us away with a status.
var ntReasons = map[uint32]Reason{
	ntAccessDenied:    NeedsLogin,
	ntNoResources:     Unavailable,
	ntNotAccepted:     Limited, // no more connections are let in
	ntServerResources: Unavailable,
}

// askSMB negotiates a dialect as a client without credentials, and goes no
// further (MS-SMB2 section 3.2.4.2.2). It begins with the negotiation of SMB1,
// as a server without SMB2 takes no other. Where that is turned away or hung up
// on, by a server without SMB1 or a filter before it, SMB2 is asked for alone.
func askSMB(conn net.Conn, q Question) (Peer, error) {
	q.At(Greet)
	p, err := negotiateSMB(conn, q, smb1Negotiate())
	if q.Redial == nil || !smb1Unwanted(p, err) {
		return p, err
	}
	again, failed := q.Redial()
	if failed != nil {
		return p, err
	}
	newer, failed := negotiateSMB(again, q, smb2Negotiate(0))
	if failed != nil || newer.Refusal != "" {
		return p, err
	}
	return newer, nil
}

// smb1Unwanted reports whether a negotiation that began with SMB1 ended as it
// does where nobody wants to hear of that.
func smb1Unwanted(p Peer, err error) bool {
	if err != nil {
		return hungUp(err)
	}
	return p.Refusal != "" && p.Reason == ""
}

// negotiateSMB opens with the given request, and goes on as the answer asks for.
func negotiateSMB(conn net.Conn, q Question, request []byte) (Peer, error) {
	var p Peer
	c := &smbConn{conn: conn, left: smbMaxFrames}
	if q.Service.Ports.First == nbssPort {
		refusal, why, err := c.openSession()
		if err != nil || refusal != "" {
			return Peer{Refusal: refusal, Reason: why}, err
		}
	}
	message, err := c.ask(request)
	if err != nil {
		return p, err
	}
	if strings.HasPrefix(string(message), smb1Magic) {
		err = describeSMB1(message, &p)
		return p, err
	}
	answer, err := parseSMB2(message, 0)
	if err != nil {
		return p, err
	}
	answer.describe(&p)
	if answer.status != 0 || answer.dialect != smb2Wildcard {
		return p, nil
	}
	q.At(Talk)
	// The negotiation before counts as message 0: Samba hangs up on another one.
	if message, err = c.ask(smb2Negotiate(1)); err != nil {
		return p, err
	}
	if answer, err = parseSMB2(message, 1); err != nil {
		return p, err
	}
	answer.describe(&p)
	return p, nil
}

// ask sends a message and returns the one that answers it.
func (c *smbConn) ask(message []byte) ([]byte, error) {
	if err := c.send(nbssMessage, message); err != nil {
		return nil, err
	}
	return c.message()
}

// An smbFlag is a bit with its name.
type smbFlag struct {
	bit  uint32
	name string
}

// smbFlags names the bits that are set and known.
func smbFlags(set uint32, known []smbFlag) []string {
	var names []string
	for _, f := range known {
		if set&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// smbSigning says what a server makes of signed messages.
func smbSigning(enabled, required bool) string {
	switch {
	case required:
		return "required"
	case enabled:
		return "enabled"
	}
	return "disabled"
}

func ntStatusText(status uint32) string {
	if name, ok := ntStatuses[status]; ok {
		return fmt.Sprintf("0x%08x (%s)", status, name)
	}
	return fmt.Sprintf("0x%08x", status)
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

// time is the moment that is meant. None is where a server sends 0, or a year that
// RFC 3339 has no room for.
func (f fileTime) time() (t time.Time, known bool) {
	t = time.Unix(int64(f/fileTimeSecond)-fileTimeUnix, int64(f%fileTimeSecond)*100).UTC()
	return t, f != 0 && t.Year() <= 9999
}

// String is the time as facts have it, "" where there is none.
func (f fileTime) String() string {
	if t, known := f.time(); known {
		return factTime(t)
	}
	return ""
}
