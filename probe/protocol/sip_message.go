// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// A sipMessage is the head of a request or of an answer (RFC 3261, section 7).
type sipMessage struct {
	start   string              // its first line
	headers map[string][]string // by name, in lower case and not abbreviated
}

// sipShort are the headers of use here that have a short name (RFC 3261, section
// 7.3.3).
var sipShort = map[string]string{
	"f": "from",
	"i": "call-id",
	"l": "content-length",
	"t": "to",
	"v": "via",
}

// fitsSIP reports whether head, as far as it goes, opens like an answer. Empty
// lines between messages keep a connection alive (RFC 5626, section 3.5.1).
func fitsSIP(head []byte) bool { return opens(head, "SIP/2.0 ", "\r\n", "\n") }

// datagramTalk reads one datagram as if it came on a stream.
func datagramTalk(datagram []byte) *talk {
	return &talk{r: bufio.NewReader(bytes.NewReader(datagram)), want: "SIP", line: maxLine, left: maxTalk}
}

// readSIP reads the head of a message. Where fits is not nil it is asked about
// the first line.
func readSIP(t *talk, fits func(head []byte) bool) (sipMessage, error) {
	m := sipMessage{headers: map[string][]string{}}
	for m.start == "" {
		var err error
		if m.start, err = t.readLine(fits); err != nil {
			return sipMessage{}, err
		}
	}
	for last := ""; ; {
		line, err := t.readLine(nil)
		switch {
		case err != nil:
			return sipMessage{}, err
		case line == "":
			return m, nil
		case last != "" && strings.ContainsAny(line[:1], " \t"): // the header before goes on
			all := m.headers[last]
			all[len(all)-1] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		last = strings.ToLower(strings.TrimSpace(name))
		if !ok || last == "" {
			return sipMessage{}, t.mismatch("a header without a name")
		}
		if long, ok := sipShort[last]; ok {
			last = long
		}
		m.headers[last] = append(m.headers[last], strings.TrimSpace(value))
	}
}

var sipStatusLine = regexp.MustCompile(`^(?i:SIP/2\.0) ([1-6][0-9]{2})( |$)`)

// status is the three digits of an answer, "" where it has none.
func (m sipMessage) status() string {
	found := sipStatusLine.FindStringSubmatch(m.start)
	if found == nil {
		return ""
	}
	return found[1]
}

// method is that of a request, "" where it is none.
func (m sipMessage) method() string {
	words := strings.Split(m.start, " ")
	if len(words) != 3 || !strings.EqualFold(words[2], "SIP/2.0") {
		return ""
	}
	return words[0]
}

// skipBody passes over the body of a message on a stream, which is as long as
// the head says (RFC 3261, section 18.3).
func (m sipMessage) skipBody(t *talk) error {
	length := m.headers["content-length"]
	if length == nil {
		return nil
	}
	n, err := strconv.ParseUint(length[0], 10, 16)
	if err != nil {
		return t.mismatch("a body of a length that is none")
	}
	return t.skip(int(n))
}
