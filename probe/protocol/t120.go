// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"fmt"
	"net"
)

// The PDUs of T.125 that are used here (section 7), in BER.
var (
	mcsConnectInitial  = []byte{0x7f, 0x65}
	mcsConnectResponse = []byte{0x7f, 0x66}
)

// mcsParameters is what a domain is to have: 34 channels, 2 users, no tokens, 1
// priority, no least throughput, a height of 1, PDUs of 65535 octets, and
// version 2 of the protocol.
var mcsParameters = []byte{0x30, 26, 2, 1, 34, 2, 1, 2, 2, 1, 0, 2, 1, 1, 2, 1, 0, 2, 1, 1, 2, 3, 0, 0xff, 0xff, 2, 1, 2}

// conferenceKey begins the user data of T.124 (section 8.7): the identifier
// { itu-t 0 20 124 0 1 }.
var conferenceKey = []byte{0, 5, 0, 0x14, 0x7c, 0, 1}

// The first octet of a PDU of T.124, in aligned PER: four bits say which PDU it is,
// three say which optional parts follow, and one says that the node is of a kind that
// is not in conferenceNodes. The next two bits are the kind.
const (
	conferenceQuery  = 0x20
	conferenceAnswer = 0x30
	conferenceMask   = 0xf1
)

// conferenceNodes are the kinds of node in a conference (T.124, NodeType).
var conferenceNodes = [...]string{"terminal", "multiport terminal", "mcu"}

// askT120 asks a T.120 node which conferences it holds, and joins none (T.123,
// T.124 section 7.1.2). The node confirms a transport connection as X.400 and RDP do,
// so only what comes after that proves T.120; a refusal of the connection proves the
// stack.
func askT120(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "T.120")
	q.At(Greet)
	_, refusal, err := t.connectX224(tpdu{kind: x224Request, variable: callingTSAP(q.Token)})
	if err != nil || refusal != "" {
		return Peer{Refusal: refusal}, err
	}
	q.At(Talk)
	data, err := t.exchangeX224("the conference query", conferenceRequest())
	if err != nil {
		return Peer{}, err
	}
	if !bytes.HasPrefix(data, mcsConnectResponse) {
		return Peer{}, t.mismatch(t.waiting + " is not from a T.120 node")
	}
	return Peer{Facts: map[string]string{FactNode: conferenceNode(data)}}, nil
}

// conferenceRequest is a ConferenceQueryRequest from a terminal.
func conferenceRequest() []byte {
	domains := []byte{4, 1, 1, 4, 1, 1, 1, 1, 0xff} // the calling one, the called one; the upward flag
	body := append(domains, bytes.Repeat(mcsParameters, 3)...)
	return mcsPDU(mcsConnectInitial, append(body, mcsUser(conferenceQuery, 0)...))
}

// conferenceResponse is what a control unit without conferences answers. It sets up no
// domain: the result is rt-user-rejected.
func conferenceResponse() []byte {
	const userRejected, mcu = 15, 2 << 6
	result := []byte{10, 1, userRejected, 2, 1, 0}
	body := append(result, mcsParameters...)
	return mcsPDU(mcsConnectResponse, append(body, mcsUser(conferenceAnswer, mcu, 0, 0)...))
}

func mcsPDU(identifier, body []byte) []byte {
	return append(append(bytes.Clone(identifier), byte(len(body))), body...)
}

// mcsUser is the user data that carries a PDU of T.124.
func mcsUser(pdu ...byte) []byte {
	user := append(append(bytes.Clone(conferenceKey), byte(len(pdu))), pdu...)
	return append([]byte{4, byte(len(user))}, user...)
}

// conferenceNode returns the kind of node that answered a query, or "unknown".
func conferenceNode(response []byte) string {
	_, answer, _ := bytes.Cut(response, conferenceKey)
	if len(answer) > 1 && answer[0] >= 0x80 {
		answer = answer[1:] // a size in two octets
	}
	if len(answer) < 3 || answer[1]&conferenceMask != conferenceAnswer || int(answer[2]>>6) >= len(conferenceNodes) {
		return "unknown"
	}
	return conferenceNodes[answer[2]>>6]
}

// answerT120 is a multipoint control unit that holds no conference.
func answerT120(conn net.Conn, _ Stand) error {
	t := newTalk(conn, "T.120")
	err := t.acceptX224(func(request tpdu) tpdu {
		return tpdu{kind: x224Confirm, dest: request.source, source: 1}
	})
	if err != nil {
		return err
	}
	t.waiting = "a conference query"
	p, err := t.readTPDU()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(p.data, mcsConnectInitial) {
		return fmt.Errorf("no conference query but %s", x224Kinds[p.kind])
	}
	return t.sendTPDU("the conferences", tpdu{kind: x224Data, data: conferenceResponse()})
}
