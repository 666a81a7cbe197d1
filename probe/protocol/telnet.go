// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"fmt"
	"net"
	"strings"
)

// The octets of Telnet that negotiate (RFC 854), and two options (RFC 857 and
// RFC 858).
const (
	telnetFirst = 0xf0 // of the commands
	telnetWill  = 0xfb
	telnetWont  = 0xfc
	telnetDo    = 0xfd
	telnetDont  = 0xfe
	telnetIAC   = 0xff

	telnetEcho = 1
	telnetSGA  = 3 // suppress go ahead
)

// telnetCommands and telnetOptions name what servers negotiate (RFC 854, and IANA's list
// of Telnet options).
var (
	telnetCommands = map[byte]string{telnetWill: "WILL", telnetWont: "WONT", telnetDo: "DO", telnetDont: "DONT"}
	telnetOptions  = map[byte]string{
		0: "BINARY", telnetEcho: "ECHO", telnetSGA: "SUPPRESS-GO-AHEAD", 5: "STATUS", 24: "TERMINAL-TYPE", 31: "NAWS", 32: "TERMINAL-SPEED",
		35: "X-DISPLAY-LOCATION", 37: "AUTHENTICATION", 38: "ENCRYPT", 39: "NEW-ENVIRON",
	}
)

// askTelnet waits for the server to negotiate and asks it to suppress "go ahead", which
// the server must agree to or decline (RFC 854). Its answer, or a second negotiation of
// its own, proves Telnet. Nobody logs in.
func askTelnet(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "Telnet")
	q.At(Greet)
	if err := t.exactly([]byte{telnetIAC}); err != nil {
		return Peer{}, err
	}
	if err := t.sendOctets("an option", []byte{telnetIAC, telnetDo, telnetSGA}); err != nil {
		return Peer{}, err
	}
	for negotiated := []string(nil); ; {
		command, option, err := t.telnetCommand()
		if err != nil {
			return Peer{}, err
		}
		if command >= telnetWill {
			negotiated = append(negotiated, telnetCommands[command]+" "+cmp.Or(telnetOptions[option], fmt.Sprint(option)))
		}
		if len(negotiated) == 2 || option == telnetSGA && (command == telnetWill || command == telnetWont) {
			return Peer{Facts: map[string]string{FactOptions: strings.Join(negotiated, ", ")}}, nil
		}
		if err := t.skipText(); err != nil {
			return Peer{}, err
		}
	}
}

// telnetCommand reads what follows an IAC. Only a negotiation has an option.
func (t *talk) telnetCommand() (command, option byte, err error) {
	b, err := t.octets(1, func(head []byte) bool { return head[0] >= telnetFirst && head[0] < telnetIAC })
	switch {
	case err != nil:
		return 0, 0, err
	case b[0] < telnetWill:
		return b[0], 0, nil
	}
	command = b[0]
	if b, err = t.octets(1, nil); err != nil {
		return 0, 0, err
	}
	return command, b[0], nil
}

// skipText reads up to the next IAC and the IAC itself. Text is ASCII as long as both
// sides have agreed on nothing else (RFC 854).
func (t *talk) skipText() error {
	for {
		b, err := t.octets(1, func(head []byte) bool { return head[0] < 0x80 || head[0] == telnetIAC })
		if err != nil || b[0] == telnetIAC {
			return err
		}
	}
}

// answerTelnet is a host that echoes, suppresses "go ahead", and can do nothing
// else.
func answerTelnet(conn net.Conn, _ Stand) error {
	t := newTalk(conn, "Telnet")
	if err := t.sendOctets("the greeting", append([]byte{telnetIAC, telnetWill, telnetEcho}, Mark+"\r\n"...)); err != nil {
		return err
	}
	for {
		t.waiting = "an option"
		if err := t.skipText(); err != nil {
			return err
		}
		command, option, err := t.telnetCommand()
		if err != nil {
			return err
		}
		reply := telnetReply(command, option)
		if reply == 0 {
			continue
		}
		if err := t.sendOctets("the reply", []byte{telnetIAC, reply, option}); err != nil {
			return err
		}
	}
}

// telnetReply returns the command that answers a client's negotiation. It returns 0, for
// no reply, to a client that confirms the server's own negotiation (RFC 854).
func telnetReply(command, option byte) byte {
	switch {
	case command == telnetDo && option == telnetSGA:
		return telnetWill
	case command == telnetDo && option != telnetEcho:
		return telnetWont
	case command == telnetWill:
		return telnetDont
	}
	return 0
}
