// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
)

// answerSIP answers as the Unified Messaging service does to a gateway that it
// knows.
func answerSIP(conn net.Conn, s Stand) error {
	if s.Service.Network == catalog.UDP {
		return sipEnvelope.serve(conn, s.Service.Network, func(datagram []byte) []byte {
			request, err := readSIP(datagramTalk(datagram), nil)
			lines := replySIP(request, s)
			if err != nil || lines == nil {
				return nil
			}
			return s.fits(datagramSIP(lines), datagramSIP(shortSIP(lines)))
		})
	}
	for t := newTalk(conn, "SIP"); ; {
		t.waiting = "a request"
		request, err := readSIP(t, nil)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if request.method() == "" {
			return t.mismatch("a request that is none")
		}
		if err := request.skipBody(t); err != nil {
			return err
		}
		if lines := replySIP(request, s); lines != nil {
			if err := t.send(lines...); err != nil {
				return err
			}
		}
	}
}

// datagramSIP is a message in one datagram.
func datagramSIP(lines []string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// shortSIP returns an answer with no more lines than every answer has to have (RFC 3261
// section 8.2.6.2), and its end.
func shortSIP(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return slices.Contains([]string{"ACCEPT", "ALLOW", "CONTENT-LENGTH", "SERVER", "X-EXREACH"}, name)
	})
}

// sipWorkers are the ports of the worker processes, which take the calls.
var sipWorkers = []uint16{5065, 5066, 5067, 5068}

// replySIP returns the lines of the answer to a request (RFC 3261, section 8.2.6), nil
// where it gets none. It sends a call on to a worker process, as recorded of 2010
// (https://johanveldhuis.nl/exchange-um-doesnt-answer-calls-after-upgrade-to-sp1/).
func replySIP(request sipMessage, s Stand) []string {
	status, more := "200 OK", []string{"ACCEPT: application/sdp", "ALLOW: OPTIONS"}
	switch request.method() {
	case "OPTIONS":
	case "", "ACK":
		return nil
	case "INVITE":
		if to := workerSIP(request, s); to != "" {
			status, more = "302 Moved Temporarily", []string{"CONTACT: " + to}
			break
		}
		fallthrough
	default:
		status = "405 Method Not Allowed"
	}
	lines := []string{"SIP/2.0 " + status}
	for _, key := range []string{"from", "to", "cseq", "call-id", "via"} {
		for _, value := range request.headers[key] {
			if key == "to" && !strings.Contains(value, ";tag=") {
				value += ";tag=" + rand.Text()
			}
			lines = append(lines, strings.ToUpper(key)+": "+value)
		}
	}
	return slices.Concat(lines, more, []string{"CONTENT-LENGTH: 0", "SERVER: " + serverSIP(s), "X-EXREACH: " + Mark, ""})
}

// workerSIP returns where to send a call on to, "" where it is at a worker already.
func workerSIP(request sipMessage, s Stand) string {
	if slices.Contains(sipWorkers, s.Service.Ports.First) {
		return ""
	}
	port, transport := sipWorkers[0], "Tcp"
	if s.Service.TLS.First() {
		port, transport = sipWorkers[1], "Tls"
	}
	_, uri, _ := strings.Cut(strings.Split(request.start, " ")[1], ":")
	user, _, named := strings.Cut(uri, "@")
	if named {
		user += "@"
	} else {
		user = ""
	}
	return fmt.Sprintf("<sip:%s%s:%d;user=phone;transport=%s;maddr=%s>", user, s.Host, port, transport, s.Host)
}

// serverSIP is how Unified Messaging names itself. 2010's had no build; later ones
// have it, with zeros before its numbers (RTCC/5.0.0.0 MSExchangeUM/15.01.0231.021
// of 2015, and the comments of Greenbone's detection of operating systems).
func serverSIP(s Stand) string {
	if !s.since("2013") {
		return "RTCC/3.5.0.0"
	}
	var n [4]int
	_, _ = fmt.Sscanf(s.site().Build, "%d.%d.%d.%d", &n[0], &n[1], &n[2], &n[3])
	return fmt.Sprintf("RTCC/5.0.0.0 MSExchangeUM/%02d.%02d.%04d.%03d", n[0], n[1], n[2], n[3])
}

// A sipMessage is the head of a request or of an answer (RFC 3261, section 7).
type sipMessage struct {
	start   string              // its first line
	headers map[string][]string // by name, in lower case and not abbreviated
}

// sipShort maps the short names of the headers that are used here to the long ones
// (RFC 3261, section 7.3.3).
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

// datagramTalk reads one datagram as if it came on a stream. It cannot send.
func datagramTalk(datagram []byte) *talk {
	return &talk{r: bufio.NewReader(bytes.NewReader(datagram)), want: "SIP", line: maxLine, left: maxTalk}
}

// readSIP reads the head of a message. If fits is not nil, readSIP calls it with the
// first line as it comes, as readLine does.
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
		case last != "" && strings.ContainsAny(line[:1], " \t"): // the header before it goes on
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

// method returns the method of a request, "" where the message is no request.
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
