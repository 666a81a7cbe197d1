// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// smbGUID is the GUID of the stand-in, in the order in which it is sent.
const smbGUID = "exreach stand-in"

// smbSecurity is the security buffer of the stand-in: a SPNEGO token that offers
// Kerberos, under Microsoft's old number and its own, and NTLM (RFC 4178 section
// 4.2.1).
const smbSecurity = "\x60\x32\x06\x06\x2b\x06\x01\x05\x05\x02" +
	"\xa0\x28\x30\x26\xa0\x24\x30\x22" +
	"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02" +
	"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" +
	"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"

const (
	smb2StandInCapabilities = 0x2f                               // DFS, leases of files and directories, large reads, several channels
	smb2StandInMost         = 8 << 20                            // octets of one read, write or transaction
	ErrorBody2              = "\x09\x00\x00\x00\x00\x00\x00\x00" // MS-SMB2 section 2.2.2
)

// Serve is a stand-in that negotiates as Windows Server 2019 does with its defaults and
// lets no client in: it denies whatever comes next. SessionPort has the session service
// first; the role domain-controller requires signing. It returns nil when the client
// hangs up.
func Serve(conn net.Conn, port uint16, role string) error {
	c := New(conn)
	if port == SessionPort {
		if err := c.acceptSession(); err != nil {
			return err
		}
	}
	for {
		message, err := c.Message()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := answerSMBMessage(message, role)
		if err != nil {
			return err
		}
		if err := c.Send(SessionMessage, answer); err != nil {
			return err
		}
	}
}

// answerSMBMessage returns what a server of the role says to a message.
func answerSMBMessage(message []byte, role string) ([]byte, error) {
	const command, id = 12, 24
	switch {
	case strings.HasPrefix(string(message), Magic1):
		return answerSMB1Negotiate(message, role)
	case len(message) < HeaderSize2:
		return nil, Mismatch("an SMB2 message without a header")
	}
	number := binary.LittleEndian.Uint64(message[id:])
	if binary.LittleEndian.Uint16(message[command:]) == 0 {
		return answerSMB2Negotiate(message, number, role)
	}
	denied := Header2(number, AccessDenied, Response2)
	copy(denied[command:command+2], message[command:])
	return append(denied, ErrorBody2...), nil
}

// answerSMB1Negotiate leads to SMB2 (MS-SMB2 section 3.3.5.3). For a client that has
// nothing but SMB1 it returns an error, and Serve hangs up as a server without SMB1 does.
func answerSMB1Negotiate(message []byte, role string) ([]byte, error) {
	switch {
	case bytes.Contains(message, Offer1(smb1ToNewest)):
		return StandIn(0, role, Wildcard2, nil), nil
	case bytes.Contains(message, Offer1(smb1To202)):
		return StandIn(0, role, smb2Dialects[0].number, nil), nil
	}
	return nil, Mismatch("a client that speaks nothing newer than SMB1")
}

// answerSMB2Negotiate takes the newest dialect that the client offers.
func answerSMB2Negotiate(message []byte, id uint64, role string) ([]byte, error) {
	body := message[HeaderSize2:]
	if len(body) < RequestSize2 {
		return nil, Mismatch("an SMB2 negotiation that is cut short")
	}
	count := int(binary.LittleEndian.Uint16(body[2:]))
	offered := body[RequestSize2:]
	if len(offered) < 2*count {
		return nil, Mismatch("an SMB2 negotiation that is cut short")
	}
	chosen := uint16(0)
	for ; count > 0; count-- {
		if d := binary.LittleEndian.Uint16(offered); Dialect2(d) != "" {
			chosen = max(chosen, d)
		}
		offered = offered[2:]
	}
	switch chosen {
	case 0:
		return append(Header2(id, NotSupported, Response2), ErrorBody2...), nil
	case smb2Newest:
		contexts := smb2Contexts(message, binary.LittleEndian.Uint32(body[28:]), binary.LittleEndian.Uint16(body[32:]))
		if contexts[ContextPreauth] == nil { // MS-SMB2 section 3.3.5.4
			return append(Header2(id, InvalidParameter, Response2), ErrorBody2...), nil
		}
		return StandIn(id, role, chosen, contexts), nil
	}
	return StandIn(id, role, chosen, nil), nil
}

// StandIn returns the stand-in's answer to a negotiation (MS-SMB2 section 2.2.4).
// Contexts are the client's; where they are nil the answer has none.
func StandIn(id uint64, role string, dialect uint16, contexts map[uint16][]byte) []byte {
	security := uint16(SigningEnabled)
	if role == "domain-controller" { // Windows' policy for them
		security |= signingRequired
	}
	body := binary.LittleEndian.AppendUint16(nil, ResponseSize2+1)
	body = binary.LittleEndian.AppendUint16(body, security)
	body = binary.LittleEndian.AppendUint16(body, dialect)
	body = append(body, 0, 0) // how many contexts
	body = append(body, smbGUID...)
	body = binary.LittleEndian.AppendUint32(body, smb2StandInCapabilities)
	for range 3 {
		body = binary.LittleEndian.AppendUint32(body, smb2StandInMost)
	}
	body = binary.LittleEndian.AppendUint64(body, uint64(newFileTime(time.Now())))
	body = binary.LittleEndian.AppendUint64(body, 0) // newer servers do not say when they started
	body = binary.LittleEndian.AppendUint16(body, HeaderSize2+ResponseSize2)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(smbSecurity)))
	body = append(body, 0, 0, 0, 0) // where the contexts begin
	body = append(body, smbSecurity...)
	if contexts != nil {
		body = appendSMB2Contexts(body, contexts)
	}
	return append(Header2(id, 0, Response2), body...)
}

// appendSMB2Contexts adds the answers to the client's contexts: to ContextPreauth, which
// must be there, and to ContextEncryption, where the client has sent it.
func appendSMB2Contexts(body []byte, contexts map[uint16][]byte) []byte {
	body = append(body, make([]byte, -len(body)&7)...)
	binary.LittleEndian.PutUint32(body[60:], uint32(HeaderSize2+len(body)))
	body = append(body, Context2(ContextPreauth, Preauth2())...)
	count := uint16(1)
	if offered, ok := contexts[ContextEncryption]; ok {
		body = append(body, Context2(ContextEncryption, smb2Cipher(offered))...)
		count++
	}
	binary.LittleEndian.PutUint16(body[6:], count)
	return body
}

// smb2Cipher answers a client's ContextEncryption with the best liked of its ciphers, 0
// where it has none of ours.
func smb2Cipher(offered []byte) []byte {
	chosen := uint16(0)
	for _, c := range smb2Ciphers {
		for i := 2; i+1 < len(offered) && chosen == 0; i += 2 {
			if binary.LittleEndian.Uint16(offered[i:]) == c.number {
				chosen = c.number
			}
		}
	}
	return binary.LittleEndian.AppendUint16([]byte{1, 0}, chosen)
}
