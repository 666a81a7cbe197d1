// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"net"
	"slices"
	"strconv"
	"strings"

	"exreach/probe/protocol/wire"
)

// The records of .NET message framing that answer a preamble (MC-NMF section 2.2), and
// the limit of a text in a record.
const (
	nmfFault           = 8
	nmfUpgradeResponse = 10
	nmfMostText        = 2048 // octets
)

// A preamble is nmfSession, the address as a text, nmfUpgrade, and the protection that
// the client asks for as a text.
var (
	nmfSession = []byte{0, 1, 0, 1, 2, 2} // version 1.0; duplex mode, as net.tcp has it; an address
	nmfUpgrade = []byte{3, 8, 9}          // binary encoding with a dictionary in band; an upgrade request
)

// nmfNegotiate asks for the protection that Windows authentication gives.
const nmfNegotiate = "application/negotiate"

// nmfFaults begins the text of every fault.
const nmfFaults = "http://schemas.microsoft.com/ws/2006/05/framing/faults/"

// nmfRefusals are the faults by which a service turns a client away. The others are about
// what we asked for: no client can know a service's path, and some want no protection.
var nmfRefusals = map[string]wire.Reason{
	"ServerTooBusy":            wire.Unavailable,
	"ConnectionDispatchFailed": wire.Unavailable,
	"EndpointUnavailable":      wire.Unavailable,
	"EndpointAccessDenied":     wire.NeedsLogin,
	"ServiceActivationFailed":  wire.Unavailable,
}

// askNetTCP asks a net.tcp service to protect the connection and opens no session
// (MC-NMF section 3). A preamble that does not ask for protection would tell nothing: a
// service that wants protection hangs up on it without a word. The service names a fault,
// or agrees with a single octet. Since any program may send one octet, the service then
// has to show that it knows the handshake to which it agreed.
func askNetTCP(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, ".NET message framing")
	q.At(Greet)
	if err := t.sendOctets("the preamble", nmfPreamble(q)); err != nil {
		return Peer{}, err
	}
	kind, err := t.octets(1, func(head []byte) bool { return head[0] == nmfFault || head[0] == nmfUpgradeResponse })
	if err != nil {
		return Peer{}, err
	}
	if kind[0] == nmfFault {
		return readFault(t)
	}
	q.At(Talk)
	status, err := spoilNNS(t)
	if err != nil {
		return Peer{}, err
	}
	return Peer{Facts: map[string]string{FactUpgrade: nmfNegotiate, FactError: status}}, nil
}

// nmfPreamble asks for a protected session with the service at the root path of the host.
func nmfPreamble(q Question) []byte {
	via := "net.tcp://" + net.JoinHostPort(q.Host, strconv.Itoa(int(q.Service.Ports.First))) + "/" + q.Token
	return slices.Concat(nmfSession, nmfText(via), nmfUpgrade, nmfText(nmfNegotiate))
}

// readFault reads a fault whose first octet, its kind, is already read.
func readFault(t *talk) (Peer, error) {
	text, err := readNMFText(t)
	if err != nil {
		return Peer{}, err
	}
	fault, ok := strings.CutPrefix(text, nmfFaults)
	if !ok {
		return Peer{}, t.mismatch(t.waiting + " is a fault that .NET does not know")
	}
	if why, refuses := nmfRefusals[fault]; refuses {
		return Peer{Refusal: "fault: " + fault, Reason: why}, nil
	}
	return Peer{Facts: map[string]string{FactFault: fault}}, nil
}

// nmfText is a text with its size before it (MC-NMF section 2.2).
func nmfText(text string) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(text))), text...)
}

// readNMFText is the reverse of nmfText.
func readNMFText(t *talk) (string, error) {
	size := 0
	for shift := 0; ; shift += 7 {
		b, err := t.octets(1, nil)
		if err != nil {
			return "", err
		}
		size |= int(b[0]&0x7f) << shift
		if shift > 7 || size > nmfMostText {
			return "", t.mismatch(t.waiting + " has a text that is too long")
		}
		if b[0] < 0x80 {
			break
		}
	}
	text, err := t.octets(size, nil)
	return string(text), err
}

// answerNetTCP is a service that wants Windows authentication and then refuses every
// client.
func answerNetTCP(conn net.Conn, _ Stand) error {
	t := newTalk(conn, ".NET message framing")
	t.waiting = "a preamble"
	upgrade, err := readPreamble(t)
	if err != nil {
		return err
	}
	if upgrade != nmfNegotiate {
		return t.sendOctets("the fault", append([]byte{nmfFault}, nmfText(nmfFaults+"UpgradeInvalid")...))
	}
	if err := t.sendOctets("the upgrade response", []byte{nmfUpgradeResponse}); err != nil {
		return err
	}
	return refuseNNS(t)
}

// readPreamble returns the protection that a preamble asks for.
func readPreamble(t *talk) (string, error) {
	if err := t.exactly(nmfSession); err != nil {
		return "", err
	}
	if _, err := readNMFText(t); err != nil {
		return "", err
	}
	if err := t.exactly(nmfUpgrade); err != nil {
		return "", err
	}
	return readNMFText(t)
}
