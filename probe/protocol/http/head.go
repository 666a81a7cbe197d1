// SPDX-License-Identifier: Apache-2.0

package http

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/probe/protocol/wire"
)

// An httpHead is the head of one answer, made fit for net/http. Servers send header
// lines that are not HTTP. The clients of Exchange's users (browsers and Windows' own)
// read past them, and so do we.
type httpHead struct {
	status string
	fields []field
	odd    []string // lines that are not as RFC 9112 has them, made printable
	length string   // of the body; "" where no header tells it
	broken bool     // the headers leave open where the body ends
}

type field struct{ name, value string }

// MaxOdd is how many odd lines of a head we keep, and MaxOddLine how many bytes of each.
const MaxOdd, MaxOddLine = 4, 80

// readHead reads a head to its empty line. Lines may end in LF alone (RFC 9112,
// section 2.2).
func readHead(r *bufio.Reader) (*httpHead, error) {
	line, err := headLine(r)
	if err != nil {
		return nil, err
	}
	h := &httpHead{}
	if h.status, err = statusLine(line); err != nil {
		return nil, err
	}
	kept := false // whether add kept the line before this one
	for {
		line, err := headLine(r)
		switch {
		case err != nil:
			return nil, err
		case line == "":
			return h, nil
		case line[0] == ' ' || line[0] == '\t':
			h.fold(line, kept)
		default:
			kept = h.add(line)
		}
	}
}

func headLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", wire.UnexpectedEOF(err)
	}
	return strings.TrimSuffix(line[:len(line)-1], "\r"), nil
}

// statusLine brings a status line into the form that net/http takes. Some
// servers send "HTTP/1 200", tabs, several blanks, small letters, or nothing
// behind the number (https://github.com/curl/curl/issues/11802).
func statusLine(line string) (string, error) {
	version, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	status, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	version = strings.ToUpper(version)
	if version == "HTTP/1" {
		version = "HTTP/1.0" // a server that gives no minor version closes the connection
	}
	if len(status) != 3 || strings.Trim(status, "0123456789") != "" {
		return "", mismatch(fmt.Sprintf("malformed HTTP status code %q", wire.Printable(status, MaxOddLine)))
	}
	return version + " " + status + " " + reason, nil
}

// add takes a header line and reports whether it became one of the fields.
func (h *httpHead) add(line string) bool {
	name, value, found := strings.Cut(line, ":")
	trimmed := strings.TrimRight(name, " \t") // RFC 9112, section 5.1, forbids blanks there
	if !found || !isToken(trimmed) {
		h.note(line)
		return false
	}
	printable := blankControls(value)
	if trimmed != name || printable != value {
		h.note(line)
	}
	value = strings.Trim(printable, " \t")
	switch strings.ToLower(trimmed) {
	case "content-length":
		return h.addLength(value, line)
	case "transfer-encoding":
		return h.addCoding(value, line)
	case "trailer": // net/http wants to understand it, and nothing here needs it
		return false
	}
	h.fields = append(h.fields, field{trimmed, value})
	return true
}

// isToken reports whether a text can be the name of a header (RFC 9110, section
// 5.6.2). One whose hyphens a word processor made longer cannot
// (https://github.com/bogdanfinn/tls-client/issues/150).
func isToken(name string) bool {
	const signs = "!#$%&'*+-.^_`|~"
	odd := func(r rune) bool {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		return !letter && (r < '0' || r > '9') && !strings.ContainsRune(signs, r)
	}
	return name != "" && !strings.ContainsFunc(name, odd)
}

// blankControls turns control characters into blanks (RFC 9110, section 5.5).
func blankControls(value string) string {
	b := []byte(value)
	for i, c := range b {
		if c != '\t' && c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}

// fold adds a line that continues the one before it (RFC 9112, section 5.2), and
// drops it where that was dropped, too.
func (h *httpHead) fold(line string, kept bool) {
	h.note(line)
	if kept && len(h.fields) > 0 {
		last := &h.fields[len(h.fields)-1]
		last.value = strings.TrimLeft(last.value+" "+strings.Trim(blankControls(line), " \t"), " ")
	}
}

// addLength takes the length of the body. The same length several times, in a list or in
// several lines, is one; different ones leave open where the body ends (RFC 9112,
// section 6.3). It returns false, as addCoding does: text writes these headers anew.
func (h *httpHead) addLength(value, line string) bool {
	for part := range strings.SplitSeq(value, ",") {
		part = strings.Trim(part, " \t")
		if part == "" || len(part) > 18 || strings.Trim(part, "0123456789") != "" || h.length != "" && part != h.length {
			h.broken = true
			h.note(line)
			return false
		}
		h.length = part
	}
	return false
}

// addCoding takes how the server sends the body: in chunks, or as it is, which old
// servers call identity (https://github.com/golang/go/issues/49194).
func (h *httpHead) addCoding(value, line string) bool {
	chunked := slices.ContainsFunc(h.fields, func(f field) bool { return f.name == "Transfer-Encoding" })
	switch {
	case strings.EqualFold(value, "identity"):
		h.note(line)
	case !strings.EqualFold(value, "chunked"):
		h.broken = true
		h.note(line)
	case !chunked:
		h.fields = append(h.fields, field{"Transfer-Encoding", "chunked"})
	}
	return false
}

// note remembers a line that is not as it should be.
func (h *httpHead) note(line string) {
	if len(h.odd) < MaxOdd {
		h.odd = append(h.odd, wire.Printable(line, MaxOddLine))
	}
}

// text writes the head anew, for net/http to read.
func (h *httpHead) text() io.Reader {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\r\n") }
	line(h.status)
	for _, f := range h.fields {
		line(f.name, ": ", f.value)
	}
	switch {
	case h.broken:
		line("Connection: close")
	case h.length != "":
		line("Content-Length: ", h.length)
	}
	line()
	return strings.NewReader(b.String())
}
