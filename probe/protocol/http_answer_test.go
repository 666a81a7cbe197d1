// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"testing"

	"exreach/catalog"
)

// TestHTTPAnswers: the stand-in of each version answers as section 5.3 of the
// facts has it.
func TestHTTPAnswers(t *testing.T) {
	for _, c := range []struct {
		version, path string
		want          string // status, and the logins or the target
	}{
		{"2019", "/owa/", "302 Found https://mail.example.com/owa/auth/logon.aspx?url=https%3A%2F%2Fmail.example.com%2Fowa%2F&reason=0"},
		{"2013", "/ecp/", "302 Found https://mail.example.com/owa/auth/logon.aspx?url=https%3A%2F%2Fmail.example.com%2Fecp%2F&reason=0"},
		{"2019", "/EWS/Exchange.asmx", "401 Unauthorized Negotiate, NTLM"},
		{"2016", "/Autodiscover/Autodiscover.xml", "401 Unauthorized Negotiate, NTLM, Basic"},
		{"2019", "/OAB/", "401 Unauthorized Negotiate, NTLM"},
		{"2019", "/mapi/emsmdb", "401 Unauthorized Negotiate, NTLM"},
		{"2010", "/mapi/emsmdb", "404 Not Found "},
		{"2003", "/Microsoft-Server-ActiveSync", "401 Unauthorized Basic"},
		{"2010", "/rpc/rpcproxy.dll", "401 Unauthorized Negotiate, NTLM, Basic"},
		{"se", "/api", "401 Unauthorized Negotiate, NTLM"},
		{"2013", "/api", "404 Not Found "},
		{"2003", "/exchange", "302 Moved Temporarily https://mail.example.com/exchweb/bin/auth/owalogon.asp?url=https://mail.example.com/exchange&reason=0"},
		{"2010", "/exchange", "302 Found https://mail.example.com/owa/"},
		{"2003", "/owa/", "404 Not Found "},
		{"2019", "/owa/healthcheck.htm", "200 OK "},
		{"2010", "/owa/healthcheck.htm", "302 Found https://mail.example.com/owa/auth/logon.aspx?url=https://mail.example.com/owa/healthcheck.htm&reason=0"},
		{"2019", "/nothing", "404 Not Found "},
	} {
		p, err := pipeTo(askHTTP, directory(c.path, 200, 302, 401, 404), func(conn net.Conn) {
			_ = answerHTTP(conn, Stand{Host: "mail.example.com", Version: c.version, Service: directory("/", 200).Service})
		})
		if got := p.Facts["status"] + " " + p.Facts["authenticate"] + p.Facts["location"]; err != nil || got != c.want {
			t.Errorf("%s of %s: error %v, answer %s", c.path, c.version, err, got)
		}
	}
}

// TestHTTPAnswersRow: a page of the catalogue that is not one of Exchange's own
// directories answers as the row says.
func TestHTTPAnswersRow(t *testing.T) {
	for _, status := range []int{200, 302, 401, 403, 405} {
		q := directory("/wsman", status)
		p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
			_ = answerHTTP(conn, Stand{Host: "mail.example.com", Version: "windows", Service: q.Service})
		})
		if err != nil || p.Refusal != "" {
			t.Errorf("status %d: error %v, refusal %q", status, err, p.Refusal)
		}
	}
}

// TestHTTPAnswersHealth: both pages come over one connection.
func TestHTTPAnswersHealth(t *testing.T) {
	q := directory("/ews/exchange.asmx", 401)
	q.Service.HTTP.Health = "/ews/healthcheck.htm"
	p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
		_ = answerHTTP(conn, Stand{Host: "mail01.example.com", Version: "2019", Service: q.Service})
	})
	if err != nil || p.Facts["health"] != "200 OK, mail01.example.com" || p.Facts["x_feserver"] != "MAIL01" {
		t.Errorf("error %v, facts %v", err, p.Facts)
	}
}

// TestHTTPEveryRow: the stand-in of every row of the catalogue is healthy.
func TestHTTPEveryRow(t *testing.T) {
	c := catalog.Open()
	versions, err := c.Versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, s := range v.Services {
			if s.Protocol != "http" {
				continue
			}
			q := Question{Host: "mail01.contoso.example", Service: s, Session: Session{At: func(Step) {}}}
			p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
				_ = answerHTTP(conn, Stand{Host: q.Host, Version: v.Name, Service: s})
			})
			if err != nil || p.Refusal != "" {
				t.Errorf("%s %s %s: error %v, refusal %q", v.Name, s.Role, s.Name, err, p.Refusal)
			}
			if s.HTTP != nil && s.HTTP.Health != "" && p.Facts["health"] != "200 OK, mail01.contoso.example" {
				t.Errorf("%s %s %s: health %q", v.Name, s.Role, s.Name, p.Facts["health"])
			}
		}
	}
}
