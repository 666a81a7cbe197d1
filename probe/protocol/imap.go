// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// maxLineIMAP is room for a long list of capabilities on one line.
const maxLineIMAP = 8 << 10

// askIMAP speaks as an IMAP client that does not log in (RFC 3501, RFC 9051), up
// to TLS where the service starts it in band. A server that says BYE has spoken
// IMAP: that is a Refusal and no error.
func askIMAP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	t := newTalk(conn, "IMAP")
	t.line = maxLineIMAP
	q.At(Greet)
	if err := greetedIMAP(t, &p); err != nil {
		return p, err
	}
	if p.Refusal == "" {
		offered, err := talkIMAP(t, q, &p)
		if err != nil {
			return p, err
		}
		if p.Refusal == "" && p.Facts[FactPreauth] == "" {
			loginIMAP(t, q, &p, offered)
		}
	}
	if p.Refusal == "" {
		_, _ = t.farewell("a4 LOGOUT")
	}
	return p, nil
}

// greetedIMAP reads the greeting. Other untagged lines may stand before it.
func greetedIMAP(t *talk, p *Peer) error {
	for {
		line, err := t.readLine(func(head []byte) bool {
			return opens(head, "* OK", "* PREAUTH", "* BYE", "* CAPABILITY", "* NO", "* BAD", " NO")
		})
		if err != nil {
			return err
		}
		switch word, _ := verb(strings.TrimLeft(line, "* ")); word {
		case "BYE":
			p.turnAway(line, reasonOf(line))
		case "PREAUTH":
			p.fact(FactPreauth, "yes")
		case "OK":
		case "NO", "BAD": // a warning before the greeting, or all that the server says
			more, err := t.goesOn("*", true)
			if err != nil {
				return err
			}
			if more {
				continue
			}
			line = strings.TrimSpace(line)
			p.turnAway(line, reasonOf(line))
		default:
			continue
		}
		p.Greeting = line
		return nil
	}
}

// talkIMAP learns what the server offers, before and after TLS, and notes all of it in
// p. It returns what the server offers in the end.
func talkIMAP(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	status, err := commandIMAP(t, p, q.Token+"a1", "CAPABILITY")
	if err != nil || p.Refusal != "" {
		return p.Capabilities, err
	}
	if len(p.Capabilities) == 0 {
		p.Capabilities = merge(capabilityCode(status), capabilityCode(p.Greeting))
	}
	// A server that is logged in has no use for TLS any more (RFC 9051 section 6.2.1).
	if q.Service.TLS == catalog.StartTLS && p.Facts[FactPreauth] == "" {
		offered, secured, err := secureIMAP(t, q, p)
		if !isOK(status) && p.leftSaying(status, err) {
			return nil, nil
		}
		if err != nil || secured || p.Refusal != "" {
			return offered, err
		}
	}
	if !isOK(status) {
		if err = listensIMAP(t, p, status); p.leftSaying(status, err) {
			err = nil
		}
	}
	return p.Capabilities, err
}

// secureIMAP starts TLS if the server offers it, or has not told what it offers. It
// returns what the server offers in the end, and whether TLS is on.
func secureIMAP(t *talk, q Question, p *Peer) (offered []string, secured bool, err error) {
	before := p.Capabilities
	told := len(before) > 0
	if told && !offers(before, "STARTTLS") {
		p.fact(FactStartTLS, NotOffered)
		return before, false, nil
	}
	status, err := commandIMAP(t, p, "a2", "STARTTLS")
	switch {
	case err != nil || p.Refusal != "":
		return nil, false, err
	case !isOK(status):
		p.fact(FactStartTLS, either(told, status, NotOffered))
		return before, false, nil
	}
	if err := t.clientTLS(q); err != nil {
		return nil, false, err
	}
	// What a server offered before TLS must be asked again (RFC 3501 section 6.2.1).
	p.Capabilities = nil
	_, err = commandIMAP(t, p, "a3", "CAPABILITY")
	offered = p.Capabilities
	p.Capabilities = merge(before, offered)
	return offered, true, err
}

// listensIMAP tries another command on a server that refused CAPABILITY. Both are good
// at any time, so a server that refuses both takes no command at all.
func listensIMAP(t *talk, p *Peer, refused string) error {
	p.fact(FactCapabilities, refused)
	status, err := commandIMAP(t, p, "a5", "NOOP")
	if err == nil && p.Refusal == "" && !isOK(status) {
		muteMail(p, refused)
	}
	return err
}

func isOK(status string) bool {
	word, _ := verb(status)
	return word == "OK"
}

// capabilityCode returns the capabilities that a status has in brackets before its text
// (RFC 9051 section 7.1).
func capabilityCode(status string) []string {
	const code = "[CAPABILITY "
	at := wire.IndexFold(status, code)
	if at < 0 {
		return nil
	}
	list, _, _ := strings.Cut(status[at+len(code):], "]")
	return strings.Fields(list)
}

// commandIMAP sends a command and reads up to its tagged status, which it returns
// without the tag. On the way it notes capabilities. It notes BYE as a Refusal, which
// ends the conversation, and returns "".
func commandIMAP(t *talk, p *Peer, tag, command string) (string, error) {
	if err := t.send(tag + " " + command); err != nil {
		return "", err
	}
	for {
		line, err := responseIMAP(t, tag)
		if err != nil {
			return "", err
		}
		mark, rest, _ := strings.Cut(line, " ")
		if mark == tag {
			return rest, nil
		}
		switch word, list := verb(rest); word {
		case "BYE":
			p.turnAway(line, reasonOf(line))
			return "", nil
		case "CAPABILITY":
			p.Capabilities = merge(p.Capabilities, strings.Fields(list))
		}
	}
}

// responseIMAP reads one response and returns its first line. It drops literals and the
// lines behind them. A response opens with the tag, with an asterisk, or with one of
// others. A status has no literals: it is text to the end of its line.
func responseIMAP(t *talk, tag string, others ...string) (string, error) {
	line, err := t.readLine(func(head []byte) bool { return opens(head, append(others, tag+" ", "* ")...) })
	if err != nil || isStatus(line) || !strings.HasPrefix(line, "* ") {
		return line, err
	}
	for tail := line; ; {
		n, ok := literal(tail)
		if !ok {
			return line, nil
		}
		if err := t.skip(n); err != nil {
			return "", err
		}
		if tail, err = t.readLine(nil); err != nil {
			return "", err
		}
	}
}

// isStatus reports whether an untagged response is a status response (RFC 9051
// section 7.1).
func isStatus(line string) bool {
	_, rest := verb(line)
	word, _ := verb(rest)
	return slices.Contains([]string{"OK", "NO", "BAD", "PREAUTH", "BYE"}, word)
}

// literal returns the length in bytes of the literal that a line announces at its end:
// {42}.
func literal(line string) (int, bool) {
	i := strings.LastIndexByte(line, '{')
	if i < 0 || !strings.HasSuffix(line, "}") {
		return 0, false
	}
	n, err := strconv.ParseUint(line[i+1:len(line)-1], 10, 31)
	return int(n), err == nil
}
