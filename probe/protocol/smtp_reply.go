// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"strings"

	"exreach/probe/protocol/wire"
)

func commandSMTP(t *talk, command string) (smtpReply, error) {
	if err := t.send(command); err != nil {
		return smtpReply{}, err
	}
	return readReply(t)
}

// A smtpReply is a whole reply, line by line; it has one line at least, and a
// code begins each (RFC 5321 section 4.2).
type smtpReply struct {
	lines  []string
	broken bool // lines had no code, or more of them followed the last one
}

// readReply reads a reply to its end, since a server that hears us speak in the middle
// of one may take us for a spammer's robot. A later line without a code gets that of
// the first.
func readReply(t *talk) (smtpReply, error) {
	var reply smtpReply
	fits := fitsSMTP
	for {
		line, err := t.readLine(fits)
		if err != nil {
			return smtpReply{}, err
		}
		switch {
		case len(line) < 3 || !fitsSMTP([]byte(line)):
			line = reply.lines[0][:3] + "-" + line
			reply.broken = true
		case len(line) == 3 || line[3] == ' ':
			reply.lines = append(reply.lines, line)
			return reply, nil
		}
		reply.lines = append(reply.lines, line)
		fits = nil
	}
}

// fitsSMTP reports whether head, as far as it goes, begins a reply of SMTP.
func fitsSMTP(head []byte) bool { return opensWithCode(head, '2', " -\r\n") }

func (r smtpReply) last() string { return r.lines[len(r.lines)-1] }

// code returns the code of the last line, which counts where the lines differ: a server
// may tease robots with "220-" before it turns them away.
func (r smtpReply) code() string { return r.last()[:3] }

// refuses reports whether the server says no, for now (4yz) or for good (5yz).
func (r smtpReply) refuses() bool { return r.code() >= "400" }

// misnamed matches a reply to EHLO or HELO that is about our name, not the command.
var misnamed = whenAsked(`(?i)\b(?:domain|host|host ?name|(?:helo|ehlo) name|fqdn)\b|resolv`)

// unknown reports whether the server does not know the command. FTP says 530 to
// anything before a login.
func (r smtpReply) unknown() bool {
	return slices.Contains([]string{"500", "502", "530"}, r.code()) && !misnamed().MatchString(r.String())
}

// reason is why the server says no: in its words, or by the code with which a
// server says that it goes away.
func (r smtpReply) reason() wire.Reason {
	why := reasonOf(r.String())
	if why == "" && r.code() == "421" {
		why = wire.Unavailable
	}
	return why
}

// texts are the lines without their codes.
func (r smtpReply) texts() []string {
	var texts []string
	for _, line := range r.lines {
		texts = append(texts, strings.TrimSpace(line[min(4, len(line)):]))
	}
	return texts
}

// String is the reply on one line.
func (r smtpReply) String() string {
	return strings.TrimSpace(r.code() + " " + strings.Join(r.texts(), " "))
}
