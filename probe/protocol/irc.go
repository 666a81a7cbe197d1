// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"exreach/probe/protocol/wire"
)

// ircxReply is the numeric of a server that knows IRCX, Microsoft's extension
// of IRC.
const ircxReply = "800"

// ircAnswers are the numerics with which a server may answer a client without a nickname
// (RFC 2812 section 5); with those of ircRefusals, or ERROR, it turns the client away.
var (
	ircAnswers  = []string{"001", "421", "431", "432", "433", "451", "461", "462"}
	ircRefusals = []string{"463", "464", "465", "466", "ERROR"}
)

// askIRC asks whether the server knows IRCX, as the chat of Exchange does. It also asks
// for a nickname that IRC does not allow (RFC 2812 section 2.3.1), so it never joins.
// Whatever the server says in IRC is an answer.
func askIRC(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	t := newTalk(conn, "IRC")
	q.At(Greet)
	if err := t.send("MODE ISIRCX", "NICK 0"+q.Token); err != nil {
		return p, err
	}
	if err := listenIRC(t, &p); err != nil {
		return p, err
	}
	_, _ = t.farewell("QUIT")
	return p, nil
}

// listenIRC reads up to the line that answers NICK, and notes IRCX on the way.
func listenIRC(t *talk, p *Peer) error {
	for {
		line, err := t.readLine(func(head []byte) bool { return opens(head, ":", "NOTICE ", "ERROR ", "PING ") })
		if _, foreign := errors.AsType[*wire.MismatchError](err); err != nil && !foreign && p.Greeting != "" {
			return nil // it has spoken IRC, and may still be looking up the client
		}
		if err != nil {
			return err
		}
		command, rest, ok := ircCommand(line)
		if !ok {
			return t.foreign([]byte(line))
		}
		if p.Greeting == "" {
			p.Greeting = line
		}
		switch {
		case command == ircxReply:
			p.Facts = map[string]string{FactIRCX: rest}
		case slices.Contains(ircRefusals, command):
			p.turnAway(line, ircReason(command, line))
			return nil
		case slices.Contains(ircAnswers, command):
			return nil
		}
	}
}

// ircReason is why a server turns us away.
func ircReason(command, line string) wire.Reason {
	switch command {
	case "463", "465":
		return wire.OurAddress
	case "464":
		return wire.NeedsLogin
	}
	return reasonOf(line)
}

// ircCommand returns the command or the numeric of a server's line, and what stands
// behind the first parameter, which names the receiver (RFC 2812 section 2.3.1). Ok is
// false if the line is not IRC.
func ircCommand(line string) (command, rest string, ok bool) {
	if strings.HasPrefix(line, ":") {
		_, line, _ = strings.Cut(line, " ")
	}
	command, rest = verb(line)
	_, rest, _ = strings.Cut(rest, " ")
	numeric := len(command) == 3 && strings.Trim(command, "0123456789") == ""
	return command, rest, numeric || slices.Contains([]string{"NOTICE", "ERROR", "PING"}, command)
}

// answerIRC is a chat server of Exchange 2000 that lets no user join.
func answerIRC(conn net.Conn, s Stand) error {
	t := newTalk(conn, "IRC")
	for {
		line, err := t.command()
		if err != nil {
			return err
		}
		reply := "451 * :You have not registered" + markBehind
		command, rest := verb(line)
		switch {
		case command == "MODE" && strings.EqualFold(rest, "ISIRCX"):
			reply = ircxReply + " * 0 0 ANON,NTLM 512 *"
		case command == "NICK":
			reply = fmt.Sprintf("432 * %s :Erroneous nickname"+markBehind, rest)
		case command == "QUIT":
			return t.send("ERROR :Closing Link: client quit")
		}
		if err := t.send(":" + s.Host + " " + reply); err != nil {
			return err
		}
	}
}
