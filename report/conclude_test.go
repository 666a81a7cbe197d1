// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"testing"

	"exreach/probe"
	"exreach/probe/protocol"
)

func said(proto, greeting string, facts map[string]string) Entry {
	return Entry{Protocol: proto, Verdict: string(probe.Answered), Peer: &protocol.Peer{Greeting: greeting, Facts: facts}}
}

func TestConclude(t *testing.T) {
	smtp2019 := said("smtp", "220 mail01 Microsoft ESMTP MAIL Service ready at Mon", nil)
	build := func(b string) Entry { return said("http", "HTTP/1.1 401", map[string]string{"x_owa_version": b}) }
	tests := []struct {
		name    string
		entries []Entry
		want    []string
		version string
	}{
		{"nothing answered", nil, nil, ""},
		{"nothing that tells", []Entry{said("smtp", "220 mail ESMTP Postfix", nil)}, nil, ""},
		{"SMTP alone is ambiguous", []Entry{smtp2019}, upFrom("2007"), "se"},
		{"SMTP and POP3 are less so", []Entry{smtp2019, said("pop3", "+OK The Microsoft Exchange POP3 service is ready.", nil)}, upFrom("2010"), "se"},
		{"a build decides", []Entry{smtp2019, build("15.1.2507.6")}, []string{"2016"}, "2016"},
		{"the order does not matter", []Entry{build("15.1.2507.6"), smtp2019}, []string{"2016"}, "2016"},
		{"2000 or 2003 by SMTP, 2003 by IMAP4", []Entry{
			said("smtp", "220 mail Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at Tue", nil),
			said("imap", "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail) ready.", nil),
		}, []string{"2003"}, "2003"},
		{"two servers behind one name", []Entry{build("14.3.123.4"), smtp2019, said("imap", "* OK Microsoft Exchange Server 2007 IMAP4 service ready", nil)},
			[]string{"2010"}, "2010"},
		{"Exchange Online", []Entry{smtp2019, build("15.20.9999.1")}, []string{"online"}, "online"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Conclude(tt.entries)
			if !slices.Equal(c.Candidates, tt.want) {
				t.Errorf("candidates %v, want %v", c.Candidates, tt.want)
			}
			if got := c.Version(func(string) bool { return true }); got != tt.version {
				t.Errorf("version %q, want %q", got, tt.version)
			}
		})
	}
	only2010 := func(v string) bool { return v == "2010" } // as the role "hub" would have it
	if got := Conclude([]Entry{smtp2019}).Version(only2010); got != "2010" {
		t.Errorf("of the versions with the role: %q, want 2010", got)
	}
}
