// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"exreach/probe/protocol/wire"
)

// nbssErrors are the reasons to refuse a session (RFC 1002 section 4.3.4). Servers before
// Windows NT 4.0 do not know the name *SMBSERVER that we ask for.
var nbssErrors = map[byte]meaning{
	0x80: {"not listening on called name", wire.OurQuestion},
	0x81: {"not listening for calling name", wire.OurName},
	0x82: {"called name not present", wire.OurQuestion},
	0x83: {"called name present, but insufficient resources", wire.Unavailable},
	0x8f: {"unspecified error", ""},
}

// OpenSession asks the NetBIOS session service for a session (RFC 1002 section 4.3.2). It
// returns how the service refused, "" where it did not. *SMBSERVER is the file service of
// whatever server listens (Microsoft's CIFS draft, section 10.1).
func (c *Link) OpenSession() (refusal string, why wire.Reason, err error) {
	called, calling := NewName("*SMBSERVER", Server), NewName("EXREACH", Workstation)
	if err := c.Send(nbssRequest, append(called.Encoded(), calling.Encoded()...)); err != nil {
		return "", "", err
	}
	frame, err := c.frame()
	if err != nil {
		return "", "", err
	}
	kind, body := frame[0], frame[HeaderSize:]
	switch {
	case kind == nbssPositive && len(body) == 0:
		return "", "", nil
	case kind == nbssNegative && len(body) == 1:
		e := nbssErrors[body[0]]
		return "NetBIOS session refused: " + wire.Numbered(fmt.Sprintf("0x%02x", body[0]), e.name), e.why, nil
	case kind == nbssRetarget && len(body) == 6:
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte(body)), binary.BigEndian.Uint16(body[4:]))
		return "NetBIOS session sent on to " + to.String(), wire.OurQuestion, nil
	}
	return "", "", Mismatch(fmt.Sprintf("a NetBIOS session packet of type 0x%02x and %d octets instead of an answer to the request", kind, len(body)))
}

// acceptSession grants the client's request for a session, whatever the names in it.
func (c *Link) acceptSession() error {
	frame, err := c.frame()
	if err != nil {
		return err
	}
	if frame[0] != nbssRequest {
		const unspecified = 0x8f // RFC 1002 section 4.3.4
		_ = c.Send(nbssNegative, []byte{unspecified})
		return Mismatch("no request for a NetBIOS session")
	}
	return c.Send(nbssPositive, nil)
}

// A Name is a NetBIOS name: fifteen characters, and a suffix that says what it stands for
// (Microsoft KB163409). The conversation of the NetBIOS name service uses it as well.
type Name [16]byte

const (
	netbiosTextSize    = 15
	netbiosEncodedSize = 34
)

// The suffixes of the names that every Windows host has.
const (
	Workstation = 0x00 // in a group name it stands for the domain
	Server      = 0x20
)

// NewName returns the name as Windows writes it: in upper case, cut to
// fifteen characters and padded with spaces.
func NewName(text string, suffix byte) Name {
	var n Name
	text = strings.ToUpper(text) + strings.Repeat(" ", netbiosTextSize)
	copy(n[:netbiosTextSize], text)
	n[netbiosTextSize] = suffix
	return n
}

// Text returns the name without padding and suffix.
func (n Name) Text() string {
	return strings.TrimRight(string(n[:netbiosTextSize]), " \x00")
}

// Suffix tells what the name is registered for.
func (n Name) Suffix() byte { return n[netbiosTextSize] }

// Encoded is the name as packets carry it where there is no scope: a label of
// two letters for each octet (RFC 1001 section 14.1).
func (n Name) Encoded() []byte {
	out := []byte{2 * byte(len(n))}
	for _, b := range n {
		out = append(out, 'A'+b>>4, 'A'+b&0x0f)
	}
	return append(out, 0)
}
