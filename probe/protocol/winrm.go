// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// wsman is the path of WS-Management, soap the type of its messages.
const (
	wsman = "/wsman"
	soap  = "application/soap+xml"
)

// identify is the Identify request, which every server answers (DSP0226, section
// 11).
const identify = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"` +
	` xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">` +
	`<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>`

// identifyHeader lets the request through without a login (MS-WSMV).
const identifyHeader = "WSMANIDENTIFY"

// askWinRM asks Windows Remote Management who it is (MS-WSMV).
func askWinRM(conn net.Conn, q Question) (Peer, error) {
	c := web.NewClient(conn, q.asked())
	q.At(Greet)
	page, err := c.Send(web.Request{Method: catalog.Post, Path: wsman, Body: identify, Header: []string{
		"User-Agent: exreach",
		"Connection: keep-alive",
		"Content-Type: " + soap + ";charset=UTF-8",
		"Content-Length: " + strconv.Itoa(len(identify)),
		identifyHeader + ": unauthenticated",
	}})
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	p := peerHTTP(page)
	var got string
	if p.Web, got = c.Web(web.NewAnswer(page, wsman), q.asked()); got != "" {
		return p, notWinRM(got)
	}
	if page.StatusCode == http.StatusOK {
		id := identityOf(page.Body)
		p.fact(FactProduct, id.Vendor)
		p.fact(FactVersion, id.Version)
		p.fact(FactProtocol, id.Protocol)
	}
	p.Refusal, err = judgeWinRM(page, p.Facts[FactProduct] != "")
	return p, err
}

// judgeWinRM tells WinRM from other servers of HTTP. The facts say that a healthy one
// answers 401 or 405.
func judgeWinRM(page *http.Response, identified bool) (refusal string, err error) {
	login := page.StatusCode == http.StatusUnauthorized
	marked := web.OfKernel(page.Header) || strings.HasPrefix(page.Header.Get("Content-Type"), soap)
	switch {
	case identified, login && web.HasScheme(web.Challenges(page.Header.Values("WWW-Authenticate")), "Negotiate", "Kerberos"):
		return "", nil
	case marked && (login || page.StatusCode == http.StatusMethodNotAllowed):
		return "", nil
	case marked:
		return strings.TrimSpace("HTTP " + page.Status), nil
	}
	return "", notWinRM(fmt.Sprintf("HTTP %d without any mark of WinRM: another web server", page.StatusCode))
}

func notWinRM(got string) error { return &wire.MismatchError{Want: "WinRM", Got: got} }

// An identity is what an IdentifyResponse tells. Vendor is empty where the answer is
// no IdentifyResponse.
type identity struct {
	Protocol string `xml:"Body>IdentifyResponse>ProtocolVersion"`
	Vendor   string `xml:"Body>IdentifyResponse>ProductVendor"`
	Version  string `xml:"Body>IdentifyResponse>ProductVersion"`
}

func identityOf(body io.Reader) identity {
	var id identity
	if err := xml.NewDecoder(io.LimitReader(body, web.MaxBody)).Decode(&id); err != nil {
		return identity{}
	}
	return id
}

// answerWinRM answers as WinRM does before a login.
func answerWinRM(conn net.Conn, s Stand) error { return serveHTTP(conn, s, pageWinRM) }

// pageWinRM returns the answer to one request. It gives no version of Windows:
// WinRM tells that only to clients that log in.
func pageWinRM(request *http.Request, _ Stand) *http.Response {
	page := func(status int, body string) *http.Response {
		p := plainPage(request, status, body)
		p.Header.Set("Server", "Microsoft-HTTPAPI/2.0")
		return p
	}
	switch {
	case !strings.EqualFold(request.URL.Path, wsman):
		return page(http.StatusNotFound, "")
	case request.Method != http.MethodPost:
		return page(http.StatusMethodNotAllowed, "")
	case request.Header.Get(identifyHeader) == "":
		p := page(http.StatusUnauthorized, "")
		p.Header["Www-Authenticate"] = []string{"Negotiate", "Kerberos"}
		return p
	}
	p := page(http.StatusOK, identifyResponse)
	p.Header.Set("Content-Type", soap+";charset=UTF-8")
	return p
}

const identifyResponse = `<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>` +
	`<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">` +
	`<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>` +
	`<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>` +
	`<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>` +
	`</wsmid:IdentifyResponse></s:Body></s:Envelope>`
