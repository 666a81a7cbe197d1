// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"exreach/probe/protocol/rpc"
)

// The dialects that the negotiation of SMB1 offers: SMB1 as Windows NT 4.0 and
// later speak it, and the two that lead to SMB2 (MS-SMB2 section 3.2.4.2.2.1).
const (
	smb1Dialect  = "NT LM 0.12"
	smb1To202    = "SMB 2.002"
	smb1ToNewest = "SMB 2.???"
)

const (
	HeaderSize1 = 32
	smb1Command = 0x72 // SMB_COM_NEGOTIATE
	Words1      = 17   // of the answer in NT LM 0.12 (MS-CIFS section 2.2.4.52.2)

	Reply1         = 0x80 // the flags
	smb1AnyCase    = 0x08
	smb1PlainPaths = 0x10
	smb1LongNames  = 0x0001 // the second flags
	smb1NTStatus   = 0x4000
	Unicode1       = 0x8000

	smb1NoDialect        = 0xffff
	smb1UserLevel        = 0x01 // the security mode
	smb1Encrypted        = 0x02
	smb1SigningEnabled   = 0x04
	smb1SigningRequired  = 0x08
	smb1ExtendedSecurity = 0x80000000 // a capability
)

// smb1Capabilities is in MS-CIFS section 2.2.4.52.2 and MS-SMB section 2.2.4.5.2.1.
var smb1Capabilities = []flag{
	{0x00000004, "UNICODE"},
	{0x00000008, "LARGE_FILES"},
	{0x00000010, "NT_SMBS"},
	{0x00000020, "RPC_REMOTE_APIS"},
	{0x00000040, "STATUS32"},
	{0x00000080, "LEVEL_II_OPLOCKS"},
	{0x00001000, "DFS"},
	{0x00002000, "INFOLEVEL_PASSTHRU"},
	{0x00004000, "LARGE_READX"},
	{0x00008000, "LARGE_WRITEX"},
	{0x00010000, "LWIO"},
	{0x00800000, "UNIX"},
	{0x20000000, "DYNAMIC_REAUTH"},
	{smb1ExtendedSecurity, "EXTENDED_SECURITY"},
}

// Negotiate1 returns the request (MS-CIFS section 2.2.4.52.1). It does not ask for
// extended security: a server that does not use it names its domain and itself instead.
func Negotiate1() []byte {
	message := make([]byte, HeaderSize1)
	copy(message, Magic1)
	message[4] = smb1Command
	message[9] = smb1AnyCase | smb1PlainPaths
	binary.LittleEndian.PutUint16(message[10:], Unicode1|smb1NTStatus|smb1LongNames)
	var dialects []byte
	for _, name := range []string{smb1Dialect, smb1To202, smb1ToNewest} {
		dialects = append(dialects, Offer1(name)...)
	}
	message = append(message, 0) // no parameters
	message = binary.LittleEndian.AppendUint16(message, uint16(len(dialects)))
	return append(message, dialects...)
}

// Offer1 returns one dialect as a request has it.
func Offer1(name string) []byte { return []byte("\x02" + name + "\x00") }

// ParseSMB1 says what an answer in SMB1 tells about its server.
func ParseSMB1(message []byte) (n Negotiated, err error) {
	words, data, err := smb1Parts(message)
	if err != nil {
		return n, err
	}
	if status := binary.LittleEndian.Uint32(message[5:]); status != 0 {
		n.turnAway("SMB1: "+StatusText(status), ntStatuses[status].why)
		return n, nil
	}
	if len(words) < 2 {
		return n, Mismatch("an SMB1 answer without a dialect")
	}
	switch index := binary.LittleEndian.Uint16(words); {
	case index == smb1NoDialect:
		n.turnAway("SMB1: the server speaks none of the dialects offered", "")
		return n, nil
	case index != 0 || len(words) != 2*Words1:
		return n, Mismatch(fmt.Sprintf("an SMB1 answer of %d words for dialect %d", len(words)/2, index))
	}
	n.Dialect, n.SMB1Only = smb1Dialect, true
	n.readWords(words)
	n.readData(message, words, data)
	return n, nil
}

// smb1Parts checks that message answers a negotiation, and splits what follows
// its header into parameters and data (MS-CIFS section 2.2.3).
func smb1Parts(message []byte) (words, data []byte, err error) {
	const flags = 9
	if len(message) <= HeaderSize1 || message[4] != smb1Command || message[flags]&Reply1 == 0 {
		return nil, nil, Mismatch("an SMB1 message that does not answer a negotiation")
	}
	rest := message[HeaderSize1+1:]
	size := 2 * int(message[HeaderSize1])
	if len(rest) < size+2 {
		return nil, nil, Mismatch("an SMB1 message that is cut short")
	}
	words, rest = rest[:size], rest[size:]
	size = int(binary.LittleEndian.Uint16(rest))
	if rest = rest[2:]; len(rest) < size {
		return nil, nil, Mismatch("an SMB1 message that is cut short")
	}
	return words, rest[:size], nil
}

// readWords reads the parameters, of which there are seventeen.
func (n *Negotiated) readWords(words []byte) {
	security := words[2]
	n.Signing = signing(security&smb1SigningEnabled != 0, security&smb1SigningRequired != 0)
	level, passwords := "share", "plaintext"
	if security&smb1UserLevel != 0 {
		level = "user"
	}
	if security&smb1Encrypted != 0 {
		passwords = "encrypted"
	}
	n.SecurityMode = level + " level, " + passwords + " passwords"
	n.Capabilities = smbFlags(smb1CapabilitiesOf(words), smb1Capabilities)
	if now := fileTime(binary.LittleEndian.Uint64(words[23:])).time(); !now.IsZero() {
		n.Now, n.TimeZone = now, smb1Zone(int16(binary.LittleEndian.Uint16(words[31:])))
	}
}

func smb1CapabilitiesOf(words []byte) uint32 { return binary.LittleEndian.Uint32(words[19:]) }

// smb1Zone tells how far the server's local time is ahead of UTC: "+01:00". On the wire
// are the minutes that it is behind.
func smb1Zone(behind int16) string {
	sign, minutes := '+', -int(behind)
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}

// readData reads what follows the parameters: with extended security the server's GUID,
// and otherwise, after a challenge, the names of its domain and of itself. Windows for
// Workgroups and Windows 95 leave the names out.
func (n *Negotiated) readData(message, words, data []byte) {
	if smb1CapabilitiesOf(words)&smb1ExtendedSecurity != 0 {
		if len(data) >= 16 {
			n.GUID = rpc.UUID(data).Swapped().String()
		}
		return
	}
	challenge := int(words[33])
	names := data[min(challenge, len(data)):]
	next := smb1OEMName
	if binary.LittleEndian.Uint16(message[10:])&Unicode1 != 0 {
		next = smb1UnicodeName
	}
	n.Domain, names = next(names)
	n.Computer, _ = next(names)
}

// smb1OEMName takes a name in the server's code page off the beginning of data.
func smb1OEMName(data []byte) (string, []byte) {
	name, rest, _ := bytes.Cut(data, []byte{0})
	return string(name), rest
}

// smb1UnicodeName takes a name in UTF-16 off the beginning of data. The names
// follow the challenge without padding.
func smb1UnicodeName(data []byte) (string, []byte) {
	var units []uint16
	for len(data) >= 2 {
		unit := binary.LittleEndian.Uint16(data)
		data = data[2:]
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units)), data
}
