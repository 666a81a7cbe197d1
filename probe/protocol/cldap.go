// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
)

// cldapEnvelope is for UDP alone: over TCP, CLDAP would be LDAP.
var cldapEnvelope = envelope{want: "CLDAP"}

// The netlogon ping (MS-ADTS, section 6.3.3): the attribute, which a domain controller
// computes for each query, and the filter, which asks for the attribute's extended form
// in version 5. The filter names no domain, so a controller answers for its own.
const (
	cldapAttribute = "netlogon"
	cldapFilter    = `(&(NtVer=\06\00\00\00)(AAC=\00\00\00\00))`
)

// noController is the refusal of a server whose search finds nothing.
const noController = "no domain controller for this domain"

// askCLDAP sends the ping with which Windows looks for a domain controller: an
// LDAP search in one datagram (MS-ADTS, section 6.3.3).
func askCLDAP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	id := rand.Int64N(1<<31-1) + 1
	request, err := pingCLDAP(id, q.attributes())
	if err != nil {
		return p, err
	}
	datagram, err := cldapEnvelope.exchange(conn, catalog.UDP, request, func(head []byte) sight { return lookCLDAP(head, id) })
	if err != nil {
		return p, err
	}
	err = readCLDAP(datagram, id, &p)
	return p, err
}

// pingCLDAP returns the search as a message with this ID, which asks for more attributes,
// too.
func pingCLDAP(id int64, more []string) ([]byte, error) {
	filter, err := ldap.CompileFilter(cldapFilter)
	if err != nil {
		return nil, err
	}
	op := ldapwire.Operation(ldap.ApplicationSearchRequest)
	op.AppendChild(ldapwire.OctetString(""))
	for _, choice := range []int64{ldap.ScopeBaseObject, ldap.NeverDerefAliases} {
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, choice, ""))
	}
	for range 2 { // no limit of size or time
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(0), ""))
	}
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(filter)
	attributes := ber.NewSequence("")
	for _, name := range append([]string{cldapAttribute}, more...) {
		attributes.AppendChild(ldapwire.OctetString(name))
	}
	op.AppendChild(attributes)
	return ldapwire.Message(id, op).Bytes(), nil
}

// framesOf reads the messages of a datagram.
func framesOf(datagram []byte) *ldapwire.Frames {
	return ldapwire.NewFrames(readAhead{r: bufio.NewReader(bytes.NewReader(datagram))})
}

// lookCLDAP knows an answer by the first message of the datagram.
func lookCLDAP(datagram []byte, id int64) sight {
	message, err := framesOf(datagram).Next()
	if err != nil {
		return alien
	}
	switch got, op, _ := ldapwire.Parts(message); {
	case op.Tag != ldap.ApplicationSearchResultEntry && op.Tag != ldap.ApplicationSearchResultDone:
		return alien
	case got != id:
		return stray
	}
	return own
}

// readCLDAP reads the entry, or the result where there is none. Both come in one
// datagram.
func readCLDAP(datagram []byte, id int64, p *Peer) error {
	frames := framesOf(datagram)
	for {
		message, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return cldapEnvelope.mismatch("an entry without the attribute that was asked for")
		}
		if err != nil {
			return cldapEnvelope.mismatch("an LDAP message with the wrong parts")
		}
		switch got, op, _ := ldapwire.Parts(message); {
		case got != id:
			return cldapEnvelope.mismatch("answers to several requests in one datagram")
		case op.Tag == ldap.ApplicationSearchResultDone:
			return refuseCLDAP(message, p)
		case op.Tag == ldap.ApplicationSearchResultEntry:
			if value := netlogonValue(op); value != nil {
				return describeNetlogon(value, p)
			}
		}
	}
}

// refuseCLDAP notes the result of a search that found nothing as a refusal.
func refuseCLDAP(message *ber.Packet, p *Peer) error {
	err := ldapwire.Outcome(ldap.GetLDAPError(message))
	if refusal, ok := errors.AsType[*ldapwire.Refusal](err); ok {
		p.refusedLDAP(refusal)
		return nil
	}
	if err != nil {
		return err
	}
	p.Refusal = noController
	return nil
}

// netlogonValue returns the value of the attribute netlogon in an entry, nil where there
// is none.
func netlogonValue(entry *ber.Packet) []byte {
	if len(entry.Children) != 2 {
		return nil
	}
	for _, attribute := range entry.Children[1].Children {
		if len(attribute.Children) == 2 && len(attribute.Children[1].Children) > 0 &&
			strings.EqualFold(attribute.Children[0].Data.String(), cldapAttribute) {
			return attribute.Children[1].Children[0].Data.Bytes()
		}
	}
	return nil
}

// doneCLDAP is the end of a search. Alone, it says that the search found nothing.
func doneCLDAP(id int64, text string) []byte {
	return ldapwire.Message(id, ldapwire.Result(ldap.ApplicationSearchResultDone, ldap.LDAPResultSuccess, text)).Bytes()
}

// answerCLDAP is a domain controller of the domain that its name is in.
func answerCLDAP(conn net.Conn, s Stand) error {
	return cldapEnvelope.serve(conn, catalog.UDP, func(datagram []byte) []byte {
		request, err := framesOf(datagram).Next()
		if err != nil {
			return nil
		}
		id, op, _ := ldapwire.Parts(request)
		if op.Tag != ldap.ApplicationSearchRequest {
			return nil
		}
		attributes := ber.NewSequence("")
		attributes.AppendChild(ldapAttribute{cldapAttribute, []string{string(standInLogon(s).encode())}}.packet())
		entry := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
		entry.AppendChild(ldapwire.OctetString(""))
		entry.AppendChild(attributes)
		whole := ldapwire.Message(id, entry).Bytes()
		return s.fits(append(whole, doneCLDAP(id, Mark)...), doneCLDAP(id, Mark), doneCLDAP(id, ""))
	})
}
