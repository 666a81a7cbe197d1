// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// judgeHTTP tells whether the page comes from the web server that the service
// runs in. Any proxy, portal or filter on the way speaks HTTP as well, so the
// status alone proves little. A status of IIS that is not a healthy one is a
// refusal: the right server, with the protocol switched off or broken.
func judgeHTTP(page *http.Response, q Question) (refusal string, err error) {
	status, marked := page.StatusCode, markedIIS(page.Header)
	schemes := challenges(page.Header.Values("WWW-Authenticate"))
	if got := elsewhere(page); got != "" {
		return "", notExchange(got)
	}
	switch {
	case q.Service.HTTP == nil || len(q.Service.HTTP.Status) == 0:
		return "", nil
	case !slices.Contains(q.Service.HTTP.Status, status):
		if status == http.StatusNotFound && ofKernel(page.Header) {
			return "", notExchange("HTTP 404 of Windows itself: no web site is bound to this port")
		}
		if marked || status == http.StatusUnauthorized && hasScheme(schemes, "Negotiate", "NTLM") {
			return strings.TrimSpace("HTTP " + page.Status), nil
		}
	case marked:
		return "", nil
	case status == http.StatusUnauthorized && hasScheme(schemes, "Negotiate", "NTLM", "Basic", "Digest"):
		return "", nil
	case page.Header.Get("Location") != "" && status/100 == 3:
		if staysOn(page.Header.Get("Location"), q.Host) {
			return "", nil
		}
		return "", notExchange(fmt.Sprintf("HTTP %d to another host", status))
	}
	return "", notExchange(fmt.Sprintf("HTTP %d without any of Exchange's headers: a proxy's or another server's page", status))
}

func notExchange(got string) error { return &MismatchError{Want: "Exchange's web server", Got: got} }

// elsewhere says what answered in place of the service, and "" where the page
// may be its own.
func elsewhere(page *http.Response) string {
	switch {
	case page.StatusCode == http.StatusProxyAuthRequired || page.Header.Get("Proxy-Authenticate") != "":
		return "a proxy that wants a login"
	case page.StatusCode == http.StatusBadRequest && wantsTLS(page.Body):
		return "a server that wants TLS on this port"
	}
	return ""
}

// markedIIS reports whether the headers are those of IIS, of the kernel driver
// before it, or of Exchange behind whatever hides these.
func markedIIS(h http.Header) bool {
	for _, name := range []string{"X-FEServer", "X-BEServer", "X-CalculatedBETarget", "X-OWA-Version", "X-DiagInfo"} {
		if h.Get(name) != "" {
			return true
		}
	}
	server := strings.ToLower(h.Get("Server"))
	return strings.HasPrefix(server, "microsoft-iis") || ofKernel(h) || strings.EqualFold(h.Get("X-Powered-By"), "ASP.NET")
}

// ofKernel reports whether HTTP.sys answered, the kernel driver that IIS, WinRM
// and others share ports by. It says 404 where none of them has the path.
func ofKernel(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Server")), "microsoft-httpapi")
}

// quoted is a quoted string of a header (RFC 9110, section 5.6.4).
var quoted = regexp.MustCompile(`"(?:\\.|[^"\\])*"`)

// challenges returns the schemes of WWW-Authenticate headers. One header may
// hold several challenges, with commas between these and between the parameters
// of each (RFC 9110, section 11.6.1); a parameter has an equals sign.
func challenges(headers []string) []string {
	var schemes []string
	for _, header := range headers {
		for part := range strings.SplitSeq(quoted.ReplaceAllString(header, ""), ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			if scheme != "" && !strings.Contains(scheme, "=") && !slices.Contains(schemes, scheme) {
				schemes = append(schemes, scheme)
			}
		}
	}
	return schemes
}

func hasScheme(schemes []string, known ...string) bool {
	return slices.ContainsFunc(schemes, func(scheme string) bool {
		return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(scheme, k) })
	})
}

// staysOn reports whether a redirect leads to the same host, on any port.
func staysOn(location, host string) bool {
	u, err := url.Parse(location)
	if err != nil || u.Opaque != "" {
		return false
	}
	return u.Host == "" || strings.EqualFold(u.Hostname(), strings.Trim(host, "[]"))
}

// tlsPages are what servers say to plain HTTP on a port for TLS: nginx, Apache,
// and servers written in Go.
var tlsPages = []string{
	"plain HTTP request was sent to HTTPS port",
	"speaking plain HTTP to an SSL-enabled server port",
	"sent an HTTP request to an HTTPS server",
}

// wantsTLS looks for one of tlsPages, line by line: the body may have no end
// for as long as the connection stands.
func wantsTLS(body io.Reader) bool {
	lines := bufio.NewScanner(io.LimitReader(body, httpBody))
	for lines.Scan() {
		for _, said := range tlsPages {
			if strings.Contains(lines.Text(), said) {
				return true
			}
		}
	}
	return false
}
