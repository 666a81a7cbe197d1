// SPDX-License-Identifier: Apache-2.0

package http

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"exreach/probe/protocol/wire"
)

// An Answer is an answer with what NewAnswer has read of its body.
type Answer struct {
	*http.Response
	asked string // the path that we asked for
	words string // the error page, as far as it matters; "" where it was not read
	Build string // of OWA, in the paths of its pages
}

// NewAnswer reads an error page where the headers do not say whose it is, and OWA's logon
// page. What it reads is gone from the Body of r; the rest is still there.
func NewAnswer(r *http.Response, asked string) *Answer {
	page := &Answer{Response: r, asked: asked}
	failed := r.StatusCode >= http.StatusBadRequest && r.StatusCode != http.StatusUnauthorized
	if failed && (r.StatusCode == http.StatusBadRequest || !MarkedIIS(r.Header)) {
		page.words = wordsOf(r.Body)
	}
	page.Build = page.owaBuild()
	return page
}

// wordsOf reads a page to the first line with known words, and no further: the page may
// not end before the connection does.
func wordsOf(body io.Reader) string {
	var read strings.Builder
	known := knownWords()
	lines := bufio.NewScanner(io.LimitReader(body, MaxBody))
	for lines.Scan() {
		read.WriteString(lines.Text() + "\n")
		if slices.ContainsFunc(known, func(words string) bool { return strings.Contains(lines.Text(), words) }) {
			break
		}
	}
	return read.String()
}

// knownWords returns all the words that we know pages by.
func knownWords() []string {
	all := slices.Clone(tlsPages)
	for _, w := range windowsPages {
		all = append(all, w.text)
	}
	for _, p := range proxySigns {
		if p.text != "" {
			all = append(all, p.text)
		}
	}
	return all
}

// saysOneOf reports whether the page has one of these words.
func (p *Answer) saysOneOf(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(p.words, w) })
}

// noURL is what leadsTo returns for a page that is no redirect.
var noURL = &url.URL{}

// leadsTo returns the target of a redirect, which may be relative to the path asked for.
func leadsTo(page *Answer) *url.URL {
	location := page.Header.Get("Location")
	if page.StatusCode/100 != 3 || location == "" {
		return noURL
	}
	to, err := url.Parse(location)
	if err != nil || to.Opaque != "" {
		return &url.URL{Host: "invalid"} // no place at all
	}
	return (&url.URL{Path: page.asked}).ResolveReference(to)
}

// inPlace reports whether a path is one of places, which are in lower case, or below it.
func inPlace(path string, places []string) bool {
	return slices.ContainsFunc(places, func(place string) bool {
		rest, below := strings.CutPrefix(strings.ToLower(path), place)
		return below && (rest == "" || rest[0] == '/')
	})
}

// tree returns the topmost directory of a path, in lower case, and none for the root.
func tree(path string) []string {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(path), "/"), "/")
	if first == "" {
		return nil
	}
	return []string{"/" + first}
}

// brokenPlace reports whether a redirect leads to an error page.
func brokenPlace(to *url.URL) bool {
	return inPlace(to.Path, errorPlaces) || to.Query().Has("aspxerrorpath")
}

func askedPath(q Asked) string {
	return cmp.Or(q.Service.Page(), "/")
}

// sameHost compares two names or addresses of hosts. An address in a URI has
// brackets and no zone, and a name may end in a dot.
func sameHost(a, b string) bool { return strings.EqualFold(bareHost(a), bareHost(b)) }

func bareHost(host string) string {
	host, _, _ = strings.Cut(strings.Trim(host, "[]"), "%")
	return strings.TrimSuffix(host, ".")
}

// Related reports whether two hosts belong together: one is the other's name
// without the domain, or both are in one domain.
func Related(a, b string) bool {
	first, rest, _ := strings.Cut(bareHost(a), ".")
	domain := wire.DomainOf(bareHost(b))
	return sameHost(a, b) || rest != "" && strings.EqualFold(first, bareHost(b)) || domain != "" && hasSuffixFold("."+bareHost(a), "."+domain)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// hasCookie reports whether the answer sets a cookie whose name begins with name. OWA
// numbers some of its cookies.
func hasCookie(page *Answer, name string) bool {
	return slices.ContainsFunc(page.Header.Values("Set-Cookie"), func(cookie string) bool { return hasPrefixFold(cookie, name) })
}

// realm finds the realm in a challenge (RFC 9110, section 11.5).
var realm = regexp.MustCompile(`(?i)\brealm\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,]+))`)

// loginRealm is the realm of a page's login.
func loginRealm(page *Answer) string {
	found := realm.FindStringSubmatch(strings.Join(page.Header.Values("WWW-Authenticate"), ", "))
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}

// owaPath is a path of OWA with a build in it: /owa/8.3.485.1/themes/ up to 2010,
// /owa/auth/15.1.2507/themes/ from 2013 on, and /ecp as both.
var owaPath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)/(?:owa|ecp)/(?:auth/)?([0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,5}(?:\.[0-9]{1,5})?)/`)
})

// owaBuild finds the build in the path that a redirect leads to, or in the paths of OWA's
// logon page, the only page that it reads. It returns "" where there is none.
func (p *Answer) owaBuild() string {
	if found := owaPath().FindStringSubmatch(p.Header.Get("Location")); found != nil {
		return found[1]
	}
	logon := p.StatusCode == http.StatusOK && strings.HasSuffix(strings.ToLower(p.asked), "/logon.aspx")
	if !logon {
		return ""
	}
	body, _ := pageText(p.Response) // of a page that breaks off, what came before is enough
	if found := owaPath().FindSubmatch(body); found != nil {
		return string(found[1])
	}
	return ""
}

// pageText reads the text of the page, up to MaxBody. Some proxies compress what they
// pass on although we did not ask for that.
func pageText(page *http.Response) ([]byte, error) {
	raw := io.LimitReader(page.Body, MaxBody)
	if !strings.EqualFold(page.Header.Get("Content-Encoding"), "gzip") {
		return io.ReadAll(raw)
	}
	text, err := gzip.NewReader(raw)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(text, MaxBody))
}
