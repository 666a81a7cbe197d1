// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"strings"
)

// loginSMTP logs in by AUTH (RFC 4954). Offered is what the last EHLO brought.
func loginSMTP(t *talk, q Question, p *Peer, offered []string) {
	if q.Credentials == nil {
		return
	}
	loginSASL(login{q, p}, "AUTH", parameters(offered, "AUTH"), func(what, line string) (string, bool, error) {
		if err := t.say(what, line); err != nil {
			return "", false, err
		}
		reply, err := readReply(t)
		switch {
		case err != nil:
			return "", false, err
		case reply.code() == "334":
			return strings.Join(reply.texts(), ""), false, nil
		case reply.code() == "235":
			return "", true, nil
		}
		// 4yz is for now, and these are for a method that does not suit (RFC 4954
		// section 6): neither says anything of the credentials.
		unsuited := []string{"504", "534", "538"}
		denied := what != line && reply.code()[0] == '5' && !slices.Contains(unsuited, reply.code())
		return "", false, &loginRefusal{text: reply.String(), denied: denied}
	})
}

// loginPOP3 logs in by AUTH (RFC 5034), or by USER and PASS. Offered is what the
// last CAPA brought.
func loginPOP3(t *talk, q Question, p *Peer, offered []string) {
	if q.Credentials == nil {
		return
	}
	l := login{q, p}
	send := func(what, line string) (string, bool, error) {
		if err := t.say(what, line); err != nil {
			return "", false, err
		}
		status, err := t.readLine(func(head []byte) bool { return opens(head, "+", "-ERR") })
		switch {
		case err != nil:
			return "", false, err
		case opens([]byte(status), "+OK"):
			return "", true, nil
		case status[0] == '+':
			return strings.TrimSpace(status[1:]), false, nil
		}
		// RFC 2449 section 8 and RFC 3206: these answers are not about the credentials.
		text := strings.ToUpper(status)
		unsuited := slices.ContainsFunc([]string{"[IN-USE]", "[LOGIN-DELAY]", "[SYS/"}, func(code string) bool { return strings.Contains(text, code) })
		return "", false, &loginRefusal{text: status, denied: what != line && !unsuited}
	}
	mechanisms := parameters(offered, "SASL")
	if _, ok := mechanismOf(mechanisms); ok || !offers(offered, "USER") || q.Private() != nil {
		loginSASL(l, "AUTH", mechanisms, send)
		return
	}
	l.once("user", func(c Credentials) error {
		if _, _, err := send("the name", "USER "+c.Name()); err != nil {
			return err
		}
		_, _, err := send("the password", "PASS "+c.Password.Reveal())
		return err
	})
}

// loginIMAP logs in by AUTHENTICATE, or by LOGIN (RFC 9051 section 6.2). Offered
// is what the last CAPABILITY brought.
func loginIMAP(t *talk, q Question, p *Peer, offered []string) {
	if q.Credentials == nil {
		return
	}
	const tag = "b1"
	l := login{q, p}
	send := func(what, line string) (string, bool, error) {
		command := line
		if what == line {
			command = tag + " " + line
		}
		if err := t.say(what, command); err != nil {
			return "", false, err
		}
		return answerToLoginIMAP(t, tag, what != line)
	}
	mechanisms := parameters(offered, "AUTH")
	if _, ok := mechanismOf(mechanisms); ok || offers(offered, "LOGINDISABLED") || q.Private() != nil {
		loginSASL(l, "AUTHENTICATE", mechanisms, send)
		return
	}
	l.once("login", func(c Credentials) error {
		name, okName := quotedIMAP(c.Name())
		password, okPassword := quotedIMAP(c.Password.Reveal())
		if !okName || !okPassword {
			return notPossible("the command LOGIN has room for ASCII only")
		}
		_, _, err := send("the credentials", tag+" LOGIN "+name+" "+password)
		return err
	})
}

// answerToLoginIMAP reads to a challenge or to the tagged status.
func answerToLoginIMAP(t *talk, tag string, said bool) (challenge string, done bool, err error) {
	for {
		line, err := responseIMAP(t, tag, "+")
		if err != nil {
			return "", false, err
		}
		mark, rest, _ := strings.Cut(line, " ")
		word, _ := verb(rest)
		switch {
		case line[0] == '+':
			return strings.TrimSpace(line[1:]), false, nil
		case mark == tag && word == "OK":
			return "", true, nil
		case mark == tag, word == "BYE":
			// RFC 5530: unavailable and in use are not about the credentials.
			text := strings.ToUpper(rest)
			unsuited := strings.Contains(text, "[UNAVAILABLE]") || strings.Contains(text, "[INUSE]")
			return "", false, &loginRefusal{text: rest, denied: said && word == "NO" && !unsuited}
		}
	}
}

// quotedIMAP is a quoted string (RFC 9051 section 9), which holds ASCII.
func quotedIMAP(text string) (string, bool) {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return "", false
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, true
}

// parameters are the words that stand behind a keyword in capability lines, in
// upper case: AUTH PLAIN LOGIN, and AUTH=PLAIN of old servers and IMAP.
func parameters(lines []string, keyword string) []string {
	var words []string
	for _, line := range lines {
		fields := strings.FieldsFunc(strings.ToUpper(line), func(r rune) bool { return r == ' ' || r == '=' })
		if len(fields) > 0 && fields[0] == keyword {
			words = append(words, fields[1:]...)
		}
	}
	return words
}
