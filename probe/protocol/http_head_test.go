// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// oddHeads are heads that servers in the field send: each with what is noted of
// it. Browsers and Outlook read them, and so do we.
var oddHeads = map[string]struct {
	lines string
	odd   []string
}{
	// https://github.com/bogdanfinn/tls-client/issues/150
	"hyphens of a word processor": {"Strict‐Transport‐Security: max‐age=1\n", []string{"Strict‐Transport‐Security: max‐age=1"}},
	// https://github.com/golang/go/issues/21290
	"an equals sign for the colon": {"Content-Disposition = attachment; filename=file.asc\n", []string{"Content-Disposition = attachment; filename=file.asc"}},
	// https://github.com/C-Sto/recursebuster/issues/18
	"no colon": {"X_SECURED\n", []string{"X_SECURED"}},
	// https://github.com/nodejs/http-parser/issues/8
	"a blank in the name": {"en-US Content-Type: text/xml\n", []string{"en-US Content-Type: text/xml"}},
	// https://github.com/internetstandards/Internet.nl/issues/1374
	"a blank before the colon": {"X-Frame-Options : DENY\n", []string{"X-Frame-Options : DENY"}},
	// https://github.com/nim-lang/Nim/issues/19261
	"a folded line":               {"Content-Security-Policy: default-src 'self';\n   script-src 'self'\n", []string{"   script-src 'self'"}},
	"a folded line of a bad one":  {"X_SECURED\n\tmore\n", []string{"X_SECURED", `\tmore`}},
	"a first line that is folded": {" folded\n", []string{" folded"}},
	"a control character":         {"X-Note: a\x01b\n", []string{`X-Note: a\x01b`}},
	"a zero byte in the name":     {"X-\x00: a\n", []string{`X-\x00: a`}},
	"no name":                     {": a\n", []string{": a"}},
	"bytes of Latin-1":            {"X-Ort: M\xfcnchen\n", nil},
	// https://github.com/golang/go/issues/49194
	"identity":                {"Transfer-Encoding: identity\n", []string{"Transfer-Encoding: identity"}},
	"a length twice":          {"Content-Length: 0\n", nil},
	"a length with a comma":   {"Content-Length: 0, 0\n", nil},
	"a trailer that is none":  {"Trailer: Content-Length\n", nil},
	"a length that is no one": {"Content-Length: -\n", []string{"Content-Length: -"}},
	"a coding nobody knows":   {"Transfer-Encoding: gzip\n", []string{"Transfer-Encoding: gzip"}},
}

func TestHTTPOddHeaders(t *testing.T) {
	for name, c := range oddHeads {
		said := "HTTP/1.1 401 Unauthorized\n" + c.lines + "Server: Microsoft-IIS/10.0\nWWW-Authenticate: NTLM\nX-FEServer: MAIL01\nContent-Length: 0\n\n"
		q := directory("/ews/exchange.asmx", 401)
		p, err := pipeTo(askHTTP, q, saysHTTP(said))
		if err != nil || p.Refusal != "" || p.Facts["x_feserver"] != "MAIL01" {
			t.Errorf("%s: error %v, peer %+v", name, err, p)
			continue
		}
		if p.Web.Origin != web.OfExchange || !slices.Equal(p.Web.Odd, c.odd) {
			t.Errorf("%s: origin %q, noted %q, want %q", name, p.Web.Origin, p.Web.Odd, c.odd)
		}
	}
}

// TestHTTPOddValues: what a broken line says is kept where that is clear.
func TestHTTPOddValues(t *testing.T) {
	for said, want := range map[string]string{
		"Server : Microsoft-IIS/10.0\n":   "Microsoft-IIS/10.0",
		"Server:\tMicrosoft-IIS/10.0 \n":  "Microsoft-IIS/10.0",
		"Server: Microsoft-IIS\n /10.0\n": "Microsoft-IIS /10.0",
		"Server: a\x00b\n":                "a b",
		"Server\n":                        "",
	} {
		p, _ := pipeTo(askHTTP, directory("/owa/", 302), saysHTTP("HTTP/1.1 200 OK\n"+said+"Content-Length: 0\n\n"))
		if p.Facts["server"] != want {
			t.Errorf("%q: server %q, want %q", said, p.Facts["server"], want)
		}
	}
}

// TestHTTPOddEverywhere: every conversation over HTTP reads on, and so does the
// second page of one.
func TestHTTPOddEverywhere(t *testing.T) {
	const odd = "HTTP/1.1 401 Unauthorized\nX_SECURED\nServer: Microsoft-HTTPAPI/2.0\nWWW-Authenticate: Negotiate\nContent-Length: 0\n\n"
	health := directory("/ews/exchange.asmx", 401)
	health.Service.HTTP.Health = "/ews/healthcheck.htm"
	for name, c := range map[string]struct {
		ask  asking
		q    Question
		said []string
	}{
		"WinRM":         {askWinRM, question("winrm", catalog.NoTLS), []string{odd}},
		"CalDAV":        {askCalDAV, question("caldav", catalog.NoTLS), []string{odd, odd}},
		"RPC over HTTP": {askHTTP, asked(catalog.RPCInData, "/rpc/rpcproxy.dll", 401), []string{odd}},
		"health page":   {askHTTP, health, []string{iisLogin, strings.Replace(healthyMail01, "Server", "X_SECURED\nServer", 1)}},
		"an interim":    {askHTTP, directory("/ews/", 401), []string{"HTTP/1.1 100 Continue\nX_SECURED\n\n" + iisLogin}},
	} {
		p, err := pipeTo(c.ask, c.q, saysHTTP(c.said...))
		if err != nil || p.Web == nil || !slices.Contains(p.Web.Odd, "X_SECURED") {
			t.Errorf("%s: error %v, peer %+v", name, err, p)
		}
		if name == "health page" && p.Facts["health"] != "200 OK, MAIL01.contoso.example" {
			t.Errorf("health %q", p.Facts["health"])
		}
	}
}

// TestHTTPStatusLines: what servers make of the first line, and what is none.
func TestHTTPStatusLines(t *testing.T) {
	const rest = "Server: Microsoft-IIS/10.0\nX-FEServer: MAIL01\nContent-Length: 0\n\n"
	for line, status := range map[string]string{
		"HTTP/1.1 401":                 "401",
		"HTTP/1.1 401 ":                "401",
		"HTTP/1.1  401  No":            "401  No",
		"HTTP/1.1\t401\tNo":            "401 No",
		"HTTP/1 401 No":                "401 No", // https://github.com/curl/curl/issues/11802
		"http/1.1 401 No":              "401 No",
		"HTTP/1.0 401 Zugriff \xfcber": "401 Zugriff \xfcber",
		"HTTP/1.1 401No":               "",
		"HTTP/1.1":                     "",
		"HTTP/1.1 4010 No":             "",
		"HTTP/3 401 No":                "",
	} {
		p, err := pipeTo(askHTTP, directory("/ews/", 401), saysHTTP(line+"\n"+rest))
		if p.Facts["status"] != status || (err == nil) != (status != "") {
			t.Errorf("%q: error %v, status %q, want %q", line, err, p.Facts["status"], status)
		}
	}
}

// TestHTTPBareLF: lines may end in LF alone, and an empty line may come between
// two answers.
func TestHTTPBareLF(t *testing.T) {
	q := directory("/ews/exchange.asmx", 401)
	q.Service.HTTP.Health = "/ews/healthcheck.htm"
	p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
		for _, reply := range []string{iisLogin, "\r\n" + healthyMail01} {
			readHeadOf(conn)
			_, _ = io.WriteString(conn, reply)
		}
	})
	if err != nil || p.Facts["health"] != "200 OK, MAIL01.contoso.example" || p.Web.Odd != nil {
		t.Errorf("error %v, peer %+v", err, p)
	}
}

// readHeadOf reads a request to its empty line.
func readHeadOf(conn net.Conn) {
	var heard []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(heard), "\r\n\r\n"); heard = append(heard, b[0]) {
		if _, err := conn.Read(b); err != nil {
			return
		}
	}
}

// TestHTTPOddBounded: of thousands of odd lines a few are kept, and a body whose
// length cannot be told is not waited for.
func TestHTTPOddBounded(t *testing.T) {
	lines := strings.Repeat(strings.Repeat("x", 500)+"\n", 100)
	p, err := pipeTo(askHTTP, directory("/ews/", 401), saysHTTP("HTTP/1.1 401 \n"+lines+"Server: Microsoft-IIS/10.0\nContent-Length: x\n\n"))
	if err != nil || len(p.Web.Odd) != web.MaxOdd || len(p.Web.Odd[0]) > web.MaxOddLine {
		t.Errorf("error %v, peer %+v", err, p)
	}
}
