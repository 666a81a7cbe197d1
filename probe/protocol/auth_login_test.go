// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
)

// asAlice gives q what a login needs, and returns what becomes of the turns.
func asAlice(q *Question) *[]Outcome {
	var outcomes []Outcome
	q.Credentials = alice
	q.Private = func() error { return nil }
	q.Turn = func() (func(Outcome), error) {
		return func(o Outcome) { outcomes = append(outcomes, o) }, nil
	}
	q.Redial = func() (net.Conn, error) { return nil, errors.New("no way") }
	return &outcomes
}

// logInAt has alice log in at our own server under TLS.
func logInAt(t *testing.T, name string, port uint16, password string, change func(*Question)) (Peer, []Outcome) {
	t.Helper()
	q, s := question(name, catalog.StartTLS), standIn(name, catalog.StartTLS)
	q.Service.Ports = catalog.Ports{First: port, Last: port}
	s.Service = q.Service
	s.Accounts = []Credentials{{User: alice.User, Domain: alice.Domain, Password: NewSecret(password)}}
	config := &tls.Config{Certificates: []tls.Certificate{throwAway(t)}}
	s.StartTLS = func(conn net.Conn) (net.Conn, error) { return tls.Server(conn, config), nil }
	q.StartTLS = func(conn net.Conn) (net.Conn, error) {
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), nil
	}
	outcomes := asAlice(&q)
	if change != nil {
		change(&q)
	}
	peer, err := meet(t, Table[name].Ask, Table[name].Answer, q, s, enough)
	if err != nil || peer.Refusal != "" {
		t.Errorf("%s: a login is no failure of the service: error %v, refusal %q", name, err, peer.Refusal)
	}
	checkNoPassword(t, peer.Facts["auth"])
	return peer, *outcomes
}

// TestLogin: the right password, the wrong one, and all that keeps it from being
// told.
func TestLogin(t *testing.T) {
	for _, p := range []struct {
		name            string
		port            uint16
		right, wrong    string
		unsafe, tooLate string
	}{
		{"smtp", 587, "ntlm: not possible: 500 5.3.3; login: accepted", "ntlm: not possible: 500 5.3.3; login: refused: 535 5.7.3",
			"not tried: no TLS", "ntlm: not tried: refused before"},
		{"smtp", 25, "ntlm: not possible: 500 5.3.3; login: accepted", "ntlm: not possible: 500 5.3.3; login: refused: 535 5.7.3",
			"not tried: no TLS", "ntlm: not tried: refused before"},
		{"pop3", 110, "plain: accepted", "plain: refused: -ERR",
			"not tried: no TLS", "plain: not tried: refused before"},
		{"imap", 143, "ntlm: not possible: BAD; plain: accepted", "ntlm: not possible: BAD; plain: refused: NO",
			"not tried: no TLS", "ntlm: not tried: refused before"},
		{"ldap", 389,
			"ntlm: not possible: 7 Auth Method Not Supported; simple: accepted",
			"ntlm: not possible: 7 Auth Method Not Supported; simple: refused: 49 Invalid Credentials",
			"ntlm: not possible: 7 Auth Method Not Supported; simple: not tried: no TLS",
			"ntlm: not tried: refused before; simple: not tried: refused before"},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if peer, outcomes := logInAt(t, p.name, p.port, alicesPassword, nil); peer.Facts["auth"] != p.right || slices.Contains(outcomes, Denied) {
				t.Errorf("the right password: %q, %v", peer.Facts["auth"], outcomes)
			}
			peer, outcomes := logInAt(t, p.name, p.port, "another", nil)
			if peer.Facts["auth"] != p.wrong || slices.Contains(outcomes, Denied) != strings.Contains(p.wrong, "refused: ") || slices.Contains(outcomes, Accepted) {
				t.Errorf("the wrong password: %q, %v", peer.Facts["auth"], outcomes)
			}
			peer, _ = logInAt(t, p.name, p.port, alicesPassword, func(q *Question) {
				q.Private = func() error { return errors.New("no TLS") }
			})
			if peer.Facts["auth"] != p.unsafe {
				t.Errorf("without TLS: %q", peer.Facts["auth"])
			}
			peer, _ = logInAt(t, p.name, p.port, alicesPassword, func(q *Question) {
				q.Turn = func() (func(Outcome), error) { return nil, errors.New("refused before") }
			})
			if peer.Facts["auth"] != p.tooLate {
				t.Errorf("out of turn: %q", peer.Facts["auth"])
			}
			peer, _ = logInAt(t, p.name, p.port, alicesPassword, func(q *Question) { q.Credentials = nil })
			if _, said := peer.Facts["auth"]; said {
				t.Errorf("nobody asked for a login: %q", peer.Facts["auth"])
			}
		})
	}
}

// TestLoginAnswers: what servers say to a login, in their words, and what it says
// about the credentials.
func TestLoginAnswers(t *testing.T) {
	const (
		smtp = "220 a\n250-a\n250 AUTH PLAIN LOGIN\n"
		pop3 = "+OK a\n+OK\nSASL PLAIN\nUSER\n.\n"
		imap = "* OK a\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\na1 OK\n"
	)
	for _, test := range []struct {
		protocol, said string
		auth           string
		outcomes       []Outcome
	}{
		{"smtp", smtp + "334 \n235 2.7.0 ok\n", "plain: accepted", []Outcome{Accepted}},
		{"smtp", smtp + "334\n535 5.7.8 bad\n", "plain: refused: 535 5.7.8", []Outcome{Denied}},
		{"smtp", smtp + "334\n535 what is 5.7.8\n", "plain: refused: 535", []Outcome{Denied}},
		{"smtp", smtp + "334 \n554 5.7.0 too many\n", "plain: refused: 554 5.7.0", []Outcome{Denied}},
		{"smtp", smtp + "334 \n454 4.7.0 later\n", "plain: not possible: 454 4.7.0", []Outcome{Unanswered}},
		{"smtp", smtp + "334 \n421 4.7.0 too many errors\n", "plain: not possible: 421 4.7.0", []Outcome{Unanswered}},
		{"smtp", smtp + "334 \n534 5.7.9 another\n", "plain: not possible: 534 5.7.9", []Outcome{Unanswered}},
		{"smtp", smtp + "334 \n525 5.7.13 no\n", "plain: refused: 525 5.7.13", []Outcome{Locked}},
		{"smtp", smtp + "334 \n535 5.7.139 Authentication unsuccessful, the user account is LOCKED.\n", "plain: refused: 535 5.7.139", []Outcome{Locked}},
		{"smtp", smtp + "421 4.7.0 too many errors\n", "plain: not possible: 421 4.7.0; login: failed: waiting for the reply to AUTH LOGIN: EOF", []Outcome{Undecided, Unanswered}},
		{"smtp", smtp + "504 5.5.4 no such\n504\n", "plain: not possible: 504 5.5.4; login: not possible: 504", []Outcome{Undecided, Undecided}},
		{"smtp", smtp + "235 2.7.0 ok\n334 \n334 \n535 no\n", "plain: not possible: the server accepted the login before it was sent any credentials; login: refused: 535", []Outcome{Undecided, Denied}},
		{"smtp", smtp + "334 \n334 \n501 ok\n", "plain: not possible: the server asks for more than the method has", []Outcome{Unanswered}},
		{"smtp", smtp + "334 ***\n501 ok\n504 no\n", "plain: not possible: illegal base64 data at input byte 0; login: not possible: 504", []Outcome{Undecided, Undecided}},
		{"smtp", smtp + "334 \n", "plain: failed: waiting for the reply to the credentials: EOF", []Outcome{Unanswered}},
		{"smtp", smtp + "334 \n* OK\n", "plain: failed: this is not SMTP: the reply to the credentials opens like IMAP", []Outcome{Unanswered}},
		{"smtp", "220 a\n250-a\n250 AUTH=LOGIN\n" + "334 VXNlcm5hbWU6\n334 UGFzc3dvcmQ6\n235 ok\n", "login: accepted", []Outcome{Accepted}},
		{"smtp", "220 a\n250-a\n250 AUTH PLAIN NTLM\n334 \n334 TlRMTVNTUAA=\n501\n334 \n235 ok\n", "ntlm: not possible: unexpected EOF; plain: accepted", []Outcome{Undecided, Accepted}},
		{"smtp", "220 a\n250-a\n250 AUTH NTLM\n334 \n235 welcome\n", "ntlm: not possible: the server accepted the login before it was sent any credentials", []Outcome{Undecided}},
		{"smtp", "220 a\n250-a\n250 AUTH NTLM\n334 \n535 5.7.3 not that\n", "ntlm: not possible: 535 5.7.3", []Outcome{Undecided}},
		{"smtp", "220 a\n250-a\n250 AUTH GSSAPI\n", "not offered", nil},
		{"smtp", "220 a\n500 no\n250 a\n", "not offered", nil},
		{"pop3", pop3 + "+\n+OK in\n", "plain: accepted", []Outcome{Accepted}},
		{"pop3", pop3 + "+ \n-ERR [AUTH] bad\n", "plain: refused: -ERR [AUTH]", []Outcome{Denied}},
		{"pop3", pop3 + "+ \n-ERR [SYS/TEMP] later\n", "plain: not possible: -ERR [SYS/TEMP]", []Outcome{Unanswered}},
		{"pop3", pop3 + "+ \n-ERR [SYS/PERM] never\n", "plain: not possible: -ERR [SYS/PERM]", []Outcome{Unanswered}},
		{"pop3", pop3 + "+ \n-ERR [IN-USE] locked\n", "plain: not possible: -ERR [IN-USE]", []Outcome{Unanswered}},
		{"pop3", pop3 + "+ \n-ERR Account has been disabled\n", "plain: refused: -ERR", []Outcome{Locked}},
		{"pop3", pop3 + "-ERR no\n", "plain: not possible: -ERR", []Outcome{Undecided}},
		{"pop3", "+OK a\n+OK\nUSER\n.\n+OK\n+OK in\n", "user: accepted", []Outcome{Accepted}},
		{"pop3", "+OK a\n+OK\nUSER\n.\n+OK\n-ERR bad\n", "user: refused: -ERR", []Outcome{Denied}},
		{"pop3", "+OK a\n-ERR\n", "not offered", nil},
		{"imap", imap + "+ \n* CAPABILITY {3}\nabc\nb1 OK in\n", "plain: accepted", []Outcome{Accepted}},
		{"imap", imap + "+\nb1 NO [AUTHENTICATIONFAILED] bad\n", "plain: refused: NO [AUTHENTICATIONFAILED]", []Outcome{Denied}},
		{"imap", imap + "+\nb1 NO [EXPIRED] change it\n", "plain: refused: NO [EXPIRED]", []Outcome{Locked}},
		{"imap", imap + "+ \nb1 NO [UNAVAILABLE] later\n", "plain: not possible: NO [UNAVAILABLE]", []Outcome{Unanswered}},
		{"imap", imap + "+ \n* BYE too many\n", "plain: not possible: BYE", []Outcome{Unanswered}},
		{"imap", imap + "+ \nb1 BAD what\n", "plain: not possible: BAD", []Outcome{Unanswered}},
		{"imap", imap + "b1 BAD what\n", "plain: not possible: BAD", []Outcome{Undecided}},
		{"imap", imap + "* BYE gone\n", "plain: not possible: BYE", []Outcome{Undecided}},
		{"imap", "* OK a\n* CAPABILITY LOGINDISABLED\na1 OK\n", "not offered", nil},
		{"imap", "* OK a\n* CAPABILITY IMAP4rev1\na1 OK\n", "login: not possible: the command LOGIN has room for ASCII only", []Outcome{Undecided}},
	} {
		conn := hangsUpAfter([]byte(strings.ReplaceAll(test.said, "\n", "\r\n")))
		q := question(test.protocol, catalog.Implicit)
		outcomes := asAlice(&q)
		peer, err := Table[test.protocol].Ask(conn, q)
		if err != nil || peer.Facts["auth"] != test.auth || !slices.Equal(*outcomes, test.outcomes) {
			t.Errorf("%s, %q:\n got %q %v, error %v\nwant %q %v", test.protocol, test.said, peer.Facts["auth"], *outcomes, err, test.auth, test.outcomes)
		}
	}
}

// TestLoginIMAPQuotes: a password of ASCII goes into a quoted string.
func TestLoginIMAPQuotes(t *testing.T) {
	conn := hangsUpAfter([]byte("* OK a\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\nb1 OK\r\n"))
	q := question("imap", catalog.Implicit)
	asAlice(&q)
	q.Credentials = &Credentials{User: "alice", Domain: "CONTOSO", Password: NewSecret(`a"b\c`)}
	peer, err := askIMAP(conn, q)
	if said := conn.heard[1]; err != nil || peer.Facts["auth"] != "login: accepted" || said != `b1 LOGIN "CONTOSO\\alice" "a\"b\\c"`+"\r\n" {
		t.Errorf("said %q, learned %q, error %v", said, peer.Facts["auth"], err)
	}
}

// TestLoginAfterTLSOnly: what a server offered in the clear counts for nothing
// once TLS is on (RFC 3207 section 4.2).
func TestLoginAfterTLSOnly(t *testing.T) {
	for name, said := range map[string]string{
		"smtp": "220 a\r\n250-a\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n250-a\r\n250 SIZE\r\n",
		"pop3": "+OK a\r\n+OK\r\nSASL PLAIN\r\nUSER\r\nSTLS\r\n.\r\n+OK go\r\n+OK\r\nTOP\r\n.\r\n",
		"imap": "* OK a\r\n* CAPABILITY STARTTLS AUTH=PLAIN\r\na1 OK\r\na2 OK go\r\n* CAPABILITY LOGINDISABLED\r\na3 OK\r\n",
	} {
		q := question(name, catalog.StartTLS)
		asAlice(&q)
		q.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
		conn := hangsUpAfter([]byte(said))
		peer, err := Table[name].Ask(conn, q)
		if err != nil || peer.Facts["auth"] != "not offered" {
			t.Errorf("%s: %q, error %v", name, peer.Facts["auth"], err)
		}
		if !slices.Contains(peer.Capabilities, map[string]string{"smtp": "AUTH PLAIN", "pop3": "SASL PLAIN", "imap": "AUTH=PLAIN"}[name]) {
			t.Errorf("%s: what was offered in the clear is forgotten: %q", name, peer.Capabilities)
		}
	}
}

// FuzzLogin lets a server say anything to a client that logs in: that must end,
// must be no failure of the service where it was none before, and what is kept
// must not have the password in it. The fuzzer knows the password and says
// things that are like it; only the whole of it is a secret that was told.
func FuzzLogin(f *testing.F) {
	for _, said := range []string{
		"220 a\r\n250-a\r\n250 AUTH PLAIN\r\n334 \r\n535 5.7.8 bad\r\n221 bye\r\n",
		"220 a\r\n250-a\r\n250 AUTH NTLM\r\n334 \r\n334 TlRMTVNTUAACAAAA\r\n",
		"+OK a\r\n+OK\r\nSASL LOGIN\r\n.\r\n+ \r\n+ \r\n-ERR\r\n", "+OK a\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n-ERR\r\n",
		"* OK a\r\n* CAPABILITY AUTH=PLAIN\r\na1 OK\r\n+\r\n* X {3}\r\nabc\r\nb1 NO\r\n",
	} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, name := range speaksFirst {
			q := question(name, catalog.Implicit)
			_, before := Table[name].Ask(hangsUpAfter(said), q)
			outcomes := asAlice(&q)
			peer, after := Table[name].Ask(hangsUpAfter(said), q)
			if before == nil && after != nil {
				t.Errorf("%s: the login broke it: %v", name, after)
			}
			given := slices.DeleteFunc(*outcomes, func(o Outcome) bool { return o == Undecided })
			if len(given) > 1 {
				t.Errorf("%s: the credentials are given %d times in one conversation", name, len(given))
			}
			NewMask(alice).HideAll(&peer)
			peer.Clean()
			checkClean(t, peer)
			kept := peer.Facts["auth"]
			if after != nil {
				kept += NewMask(alice).Hide(after.Error())
			}
			if strings.Contains(kept, alicesPassword) {
				t.Errorf("the password is to be seen in %q", kept)
			}
		}
	})
}

// TestNoPasswordInErrors: a connection that breaks while the password is said.
func TestNoPasswordInErrors(t *testing.T) {
	for name, said := range map[string]string{
		"smtp": "220 a\r\n250-a\r\n250 AUTH PLAIN\r\n334 \r\n",
		"pop3": "+OK a\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n",
		"imap": "* OK a\r\n* CAPABILITY AUTH=PLAIN\r\na1 OK\r\n+ \r\n",
	} {
		q := question(name, catalog.Implicit)
		asAlice(&q)
		conn := &breaks{script: hangsUpAfter([]byte(said)), at: 2}
		peer, err := Table[name].Ask(conn, q)
		if err != nil || !strings.Contains(peer.Facts["auth"], "failed: sending the ") {
			t.Errorf("%s: %q, error %v", name, peer.Facts["auth"], err)
		}
		checkNoPassword(t, peer.Facts["auth"])
	}
}

// breaks is a connection whose writes fail from one on.
type breaks struct {
	*script
	at int
}

func (b *breaks) Write(p []byte) (int, error) {
	if len(b.heard) >= b.at {
		return 0, io.ErrClosedPipe
	}
	return b.script.Write(p)
}
