// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"fmt"
	"net"
	"slices"
)

// x400Reference is our end of the transport connection. Servers of RDP do not
// send it back as X.224 asks them to.
const x400Reference = 0x6578

// x224Size is the parameter that offers TPDUs of 1024 octets (X.224 section
// 13.3.4). A stack that takes more than the 128 of old has to say so.
var x224Size = []byte{0xc0, 1, 0x0a}

// sessionConnect is a CONNECT with neither an address nor a user: version 2, duplex
// (X.225 section 8.3.1). So nobody can be at the other end, and no session comes about
// anywhere.
var sessionConnect = []byte{0x0d, 12, 5, 6, 0x13, 1, 0, 0x16, 1, 2, 0x14, 2, 0, 2}

// sessionAnswers are the SPDUs that may answer sessionConnect (X.225 sections 8.3.4,
// 8.3.5 and 8.3.9).
var sessionAnswers = map[byte]string{0x0c: "refused", 0x0e: "accepted", 0x19: "aborted"}

// askX400 asks an X.400 MTA for a transport connection (RFC 1006). If the server
// confirms or refuses it, that shows the stack that an MTA runs on. But a confirm
// without any parameter, which RDP and T.120 give as well, shows too little: the
// session layer has to speak then.
func askX400(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "X.400")
	q.At(Greet)
	confirm, refusal, err := t.connectX224(tpdu{kind: x224Request, source: x400Reference, variable: append(slices.Clip(x224Size), callingTSAP(q.Token)...)})
	switch {
	case err != nil || refusal != "":
		return Peer{Refusal: refusal}, err
	case confirm.dest != x400Reference:
		return Peer{}, t.mismatch("it confirms a connection of another number, as RDP does")
	case len(confirm.variable) > 0:
		return Peer{Facts: map[string]string{FactProof: "transport layer"}}, nil
	}
	q.At(Talk)
	data, err := t.exchangeX224("the session connect", sessionConnect)
	if err != nil {
		return Peer{}, err
	}
	if len(data) < 2 || sessionAnswers[data[0]] == "" {
		return Peer{}, t.mismatch(t.waiting + " is not from the session layer")
	}
	return Peer{Facts: map[string]string{FactProof: "session layer", FactSession: sessionAnswers[data[0]]}}, nil
}

// answerX400 confirms a transport connection and refuses every session.
func answerX400(conn net.Conn, _ Stand) error {
	t := newTalk(conn, "X.400")
	err := t.acceptX224(func(request tpdu) tpdu {
		confirm := tpdu{kind: x224Confirm, dest: request.source, source: 1}
		if bytes.HasPrefix(request.variable, x224Size[:1]) {
			confirm.variable = append(slices.Clip(x224Size), calledTSAP(Mark)...)
		}
		return confirm
	})
	if err != nil {
		return err
	}
	t.waiting = "a session connect"
	p, err := t.readTPDU()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(p.data, sessionConnect[:1]) {
		return fmt.Errorf("no session connect but %s", x224Kinds[p.kind])
	}
	// REFUSE: the transport connection is let go, and the user gave no reason
	// (X.225 section 8.3.5).
	return t.sendTPDU("the refusal", tpdu{kind: x224Data, data: []byte{0x0c, 6, 0x11, 1, 1, 0x32, 1, 0}})
}
