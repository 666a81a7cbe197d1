// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"regexp"
	"slices"
	"strings"
)

// loginSMTP logs in by AUTH (RFC 4954). Offered are the capabilities of the last EHLO.
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
		return "", false, refusalSMTP(reply)
	})
}

// refusalSMTP judges a reply that refuses AUTH. 4yz is a refusal for now, and 504, 534
// and 538 refuse the method (RFC 4954 section 6): none of them says that the password is
// wrong. 525 and x.7.13 say that the account is disabled (RFC 7372 section 4).
func refusalSMTP(reply smtpReply) *loginRefusal {
	said := reply.texts()[len(reply.lines)-1]
	r := &loginRefusal{text: reply.code(), outcome: Denied}
	status, _, _ := strings.Cut(said, " ")
	if enhancedStatus.MatchString(status) {
		r.text += " " + status
	}
	switch {
	case saysLocked(said), reply.code() == "525", strings.HasSuffix(r.text, ".7.13"):
		r.outcome = Locked
	case reply.code()[0] != '5', slices.Contains([]string{"504", "534", "538"}, reply.code()):
		r.outcome = Unanswered
	}
	return r
}

// enhancedStatus matches an enhanced status code (RFC 3463 section 2).
var enhancedStatus = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// saysLocked reports whether a server says that something is wrong with the account
// itself, so no other login can do any good.
func saysLocked(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "account") &&
		slices.ContainsFunc([]string{"locked", "lockout", "disabled", "expired", "suspended"}, func(word string) bool { return strings.Contains(text, word) })
}

// loginPOP3 logs in by AUTH (RFC 5034), or by USER and PASS. Offered are the
// capabilities of the last CAPA.
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
		case len(status) >= len("+OK") && opens([]byte(status), "+OK"): // a plus alone is a challenge
			return "", true, nil
		case status[0] == '+':
			return strings.TrimSpace(status[1:]), false, nil
		}
		return "", false, refusalPOP3(status)
	}
	mechanisms := parameters(offered, "SASL")
	if len(mechanismsOf(mechanisms)) > 0 || !offers(offered, "USER") || q.Private() != nil {
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

// notOfCredentials are the response codes that say nothing of the credentials
// (RFC 2449 section 8, RFC 3206, RFC 5530).
var notOfCredentials = []string{"[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]", "[SYS/PERM]", "[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]", "[LIMIT]", "[PRIVACYREQUIRED]"}

// otherCodes are the other response codes that a refusal keeps.
var otherCodes = []string{"[AUTH]", "[AUTHENTICATIONFAILED]", "[AUTHORIZATIONFAILED]", "[CONTACTADMIN]", "[EXPIRED]", "[ALERT]"}

// refusalCode returns the response code at the beginning of a text, "" where there is
// none that we know.
func refusalCode(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, code := range slices.Concat(notOfCredentials, otherCodes) {
		if strings.HasPrefix(text, code) {
			return code
		}
	}
	return ""
}

// refusalPOP3 judges a reply that refuses AUTH, USER or PASS.
func refusalPOP3(status string) *loginRefusal {
	said := status[len("-ERR"):]
	code := refusalCode(said)
	r := &loginRefusal{text: strings.TrimSpace("-ERR " + code), outcome: Denied}
	switch {
	case slices.Contains(notOfCredentials, code):
		r.outcome = Unanswered
	case saysLocked(said):
		r.outcome = Locked
	}
	return r
}

// refusalIMAP judges a status that refuses AUTHENTICATE or LOGIN: NO, BAD or BYE. Only
// NO is about the credentials.
func refusalIMAP(status string) *loginRefusal {
	word, said := verb(status)
	code := refusalCode(said)
	r := &loginRefusal{text: strings.TrimSpace(word + " " + code), outcome: Denied}
	switch {
	case code == "[EXPIRED]", saysLocked(said):
		r.outcome = Locked
	case word != "NO", slices.Contains(notOfCredentials, code):
		r.outcome = Unanswered
	}
	return r
}

// loginIMAP logs in by AUTHENTICATE, or by LOGIN (RFC 9051 section 6.2). Offered are the
// capabilities of the last CAPABILITY.
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
		return answerToLoginIMAP(t, tag)
	}
	mechanisms := parameters(offered, "AUTH")
	if len(mechanismsOf(mechanisms)) > 0 || offers(offered, "LOGINDISABLED") || q.Private() != nil {
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

// answerToLoginIMAP reads up to a challenge or up to the status that ends the login.
func answerToLoginIMAP(t *talk, tag string) (challenge string, done bool, err error) {
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
			return "", false, refusalIMAP(rest)
		}
	}
}

// quotedIMAP returns text as a quoted string (RFC 9051 section 9), if it is all ASCII.
func quotedIMAP(text string) (string, bool) {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return "", false
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, true
}

// parameters returns the words behind a keyword in capability lines, in upper case. It
// reads AUTH PLAIN LOGIN as well as AUTH=PLAIN, which old servers and IMAP write.
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
