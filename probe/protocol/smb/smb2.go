// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"exreach/probe/protocol/rpc"
)

const (
	HeaderSize2   = 64
	RequestSize2  = 36 // of a negotiation, before the dialects
	ResponseSize2 = 64 // of a negotiation, before the security buffer

	Response2 = 0x01   // a flag: the server sent it
	Wildcard2 = 0x02ff // a dialect: 2.1 or later, ask again

	ContextPreauth    = 1
	ContextEncryption = 2
	smb2SHA512        = 1
	smb2SaltSize      = 32
)

// smb2Dialects are the dialects that we offer (MS-SMB2 section 2.2.3).
var smb2Dialects = []struct {
	number uint16
	name   string
}{
	{0x0202, "2.0.2"},
	{0x0210, "2.1"},
	{0x0300, "3.0"},
	{0x0302, "3.0.2"},
	{smb2Newest, "3.1.1"},
}

const smb2Newest = 0x0311

// smb2Ciphers are the ciphers that we offer for 3.1.1, the best liked first (MS-SMB2
// section 2.2.3.1.2).
var smb2Ciphers = []struct {
	number uint16
	name   string
}{
	{2, "AES-128-GCM"},
	{1, "AES-128-CCM"},
	{4, "AES-256-GCM"},
	{3, "AES-256-CCM"},
}

// smb2Capabilities is in MS-SMB2 section 2.2.4.
var smb2Capabilities = []flag{
	{0x01, "DFS"},
	{0x02, "LEASING"},
	{0x04, "LARGE_MTU"},
	{0x08, "MULTI_CHANNEL"},
	{0x10, "PERSISTENT_HANDLES"},
	{0x20, "DIRECTORY_LEASING"},
	{0x40, "ENCRYPTION"},
	{0x80, "NOTIFICATIONS"},
}

// smb2AllCapabilities is what we offer: a server names only the capabilities that both
// have.
const smb2AllCapabilities = 0x7f

// GUIDSize is how many octets the GUID of a client or a server has.
const GUIDSize = 16

// Negotiate2 returns a request with the given message number (MS-SMB2 section
// 2.2.3). The client's GUID is guid, or a random one where that does not have GUIDSize.
func Negotiate2(id uint64, guid string) []byte {
	if len(guid) != GUIDSize {
		guid = string(smb2Random(GUIDSize))
	}
	head := Header2(id, 0, 0)
	body := binary.LittleEndian.AppendUint16(nil, RequestSize2)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(smb2Dialects)))
	body = binary.LittleEndian.AppendUint32(body, SigningEnabled)
	body = binary.LittleEndian.AppendUint32(body, smb2AllCapabilities)
	body = append(body, guid...)
	contexts := make([]byte, 8) // where they begin and how many there are
	body = append(body, contexts...)
	for _, d := range smb2Dialects {
		body = binary.LittleEndian.AppendUint16(body, d.number)
	}
	body = append(body, make([]byte, -len(body)&7)...)
	binary.LittleEndian.PutUint32(body[28:], uint32(len(head)+len(body)))
	binary.LittleEndian.PutUint16(body[32:], 2)
	body = append(body, Context2(ContextPreauth, Preauth2())...)
	ciphers := binary.LittleEndian.AppendUint16(nil, uint16(len(smb2Ciphers)))
	for _, c := range smb2Ciphers {
		ciphers = binary.LittleEndian.AppendUint16(ciphers, c.number)
	}
	return append(append(head, body...), Context2(ContextEncryption, ciphers)...)
}

// Header2 returns the header of a negotiation, for the request or with flags Response2
// for its answer (MS-SMB2 section 2.2.1.2).
func Header2(id uint64, status, flags uint32) []byte {
	head := make([]byte, HeaderSize2)
	copy(head, Magic2)
	binary.LittleEndian.PutUint16(head[4:], HeaderSize2)
	binary.LittleEndian.PutUint32(head[8:], status)
	binary.LittleEndian.PutUint16(head[14:], 1) // one credit asked for, or granted
	binary.LittleEndian.PutUint32(head[16:], flags)
	binary.LittleEndian.PutUint64(head[24:], id)
	return head
}

// Preauth2 returns the data of a ContextPreauth, which offers, or accepts, the only hash
// that there is (MS-SMB2 section 2.2.3.1.1).
func Preauth2() []byte {
	data := []byte{1, 0, smb2SaltSize, 0, smb2SHA512, 0}
	return append(data, smb2Random(smb2SaltSize)...)
}

func smb2Random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// Context2 returns a negotiate context, padded for another to follow.
func Context2(kind uint16, data []byte) []byte {
	context := binary.LittleEndian.AppendUint16(nil, kind)
	context = binary.LittleEndian.AppendUint16(context, uint16(len(data)))
	context = append(context, 0, 0, 0, 0)
	context = append(context, data...)
	return append(context, make([]byte, -len(context)&7)...)
}

// smb2Contexts returns the data of each of count contexts that begin at an
// offset of message, by their type. What does not fit is left out.
func smb2Contexts(message []byte, at uint32, count uint16) map[uint16][]byte {
	const head = 8
	found := map[uint16][]byte{}
	for start := uint64(at); count > 0 && start+head <= uint64(len(message)); count-- {
		context := message[start:]
		end := head + int(binary.LittleEndian.Uint16(context[2:]))
		if end > len(context) {
			break
		}
		found[binary.LittleEndian.Uint16(context)] = context[head:end]
		start += uint64(end+7) &^ 7
	}
	return found
}

// An smb2Answer is how a server answers a negotiation (MS-SMB2 section 2.2.4). Where
// Status is not 0 the server refuses, and nothing else is set.
type smb2Answer struct {
	Status       uint32
	security     uint16
	Dialect      uint16
	guid         rpc.UUID
	capabilities uint32
	now, boot    fileTime
	Cipher       uint16 // of 3.1.1; 0 is none
}

// ParseSMB2 reads the answer to the message with the given number. A refusal is no error.
func ParseSMB2(message []byte, id uint64) (smb2Answer, error) {
	var a smb2Answer
	u16, u32, u64 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	switch {
	case len(message) < HeaderSize2 || !strings.HasPrefix(string(message), Magic2) || u16(message[4:]) != HeaderSize2:
		return a, Mismatch("no SMB2 header")
	case u16(message[12:]) != 0 || u32(message[16:])&Response2 == 0 || u64(message[24:]) != id:
		return a, Mismatch("an SMB2 message that does not answer the negotiation")
	}
	if a.Status = u32(message[8:]); a.Status != 0 {
		return a, nil
	}
	body := message[HeaderSize2:]
	if len(body) < ResponseSize2 || u16(body) != ResponseSize2+1 {
		return a, Mismatch("an SMB2 answer of the wrong size")
	}
	a.security = u16(body[2:])
	a.Dialect = u16(body[4:])
	a.guid = rpc.UUID(body[8:]).Swapped()
	a.capabilities = u32(body[24:])
	a.now, a.boot = fileTime(u64(body[40:])), fileTime(u64(body[48:]))
	if Dialect2(a.Dialect) == "" && (a.Dialect != Wildcard2 || id > 0) {
		return a, Mismatch(fmt.Sprintf("the SMB2 dialect 0x%04x, which was not offered", a.Dialect))
	}
	if a.Dialect == smb2Newest {
		contexts := smb2Contexts(message, u32(body[60:]), u16(body[6:]))
		if data := contexts[ContextEncryption]; len(data) >= 4 {
			a.Cipher = u16(data[2:])
		}
	}
	return a, nil
}

// Describe says what the answer tells about its server.
func (a smb2Answer) Describe() (n Negotiated) {
	if a.Status != 0 {
		n.turnAway("SMB2: "+StatusText(a.Status), ntStatuses[a.Status].why)
		return n
	}
	n.Dialect = Dialect2(a.Dialect)
	n.Signing = signing(a.security&SigningEnabled != 0, a.security&signingRequired != 0)
	n.GUID, n.Boot = a.guid.String(), a.boot.time()
	for _, c := range smb2Ciphers {
		if c.number == a.Cipher {
			n.Cipher = c.name
		}
	}
	n.Capabilities = smbFlags(a.capabilities, smb2Capabilities)
	n.Now = a.now.time()
	return n
}

// Dialect2 is the name of a dialect, "" for the wildcard and unknown ones.
func Dialect2(number uint16) string {
	for _, d := range smb2Dialects {
		if d.number == number {
			return d.name
		}
	}
	return ""
}
