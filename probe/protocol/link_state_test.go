// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"io"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// linkStateKnown is the greeting as nmap's pattern of the service has it.
const linkStateKnown = "{0000004c} NODEINFO (5) {38}Version: 6.5.6944.0 Microsoft Routing Server ready\n"

var linkStateRecordings = []recording{
	{
		name: "Exchange 2003",
		said: linkStateKnown + "  \n\n",
		want: Peer{Greeting: strings.TrimSpace(linkStateKnown), Facts: map[string]string{"version": "6.5.6944.0"}},
	},
	{
		name: "a longer greeting",
		said: strings.NewReplacer("4c", "5A", "38", "46", "6.5.6944.0", "6.0.5762.3 (beta)").Replace(linkStateKnown),
		want: Peer{
			Greeting: "{0000005A} NODEINFO (5) {46}Version: 6.0.5762.3 (beta) Microsoft Routing Server ready",
			Facts:    map[string]string{"version": "6.0.5762.3 (beta)"},
		},
	},
	{name: "a length that is too short", said: strings.Replace(linkStateKnown, "4c", "0c", 1), got: "the greeting does not have the length that it gives"},
	{name: "a length that is too long", said: strings.Replace(linkStateKnown, "0000004c", "7000004c", 1), got: "the greeting does not have the length that it gives"},
	{name: "another service", said: strings.Replace(linkStateKnown, "Microsoft Routing Server ready", "hello", 1), got: "the greeting does not open like link state"},
	{name: "a length that is no number", said: strings.Replace(linkStateKnown, "4c", "4g", 1), got: "the greeting does not open like link state"},
	{name: "JSON", said: "{\"a\": 1}\n", got: "the greeting does not open like link state"},
	{name: "SMTP", said: "220 mail ESMTP\n", got: "the greeting opens like SMTP or FTP"},
}

func TestRecordedLinkState(t *testing.T) {
	for _, r := range linkStateRecordings {
		r.protocol = "link-state"
		t.Run(r.name, r.check)
	}
}

// TestForeignLinkState: a mismatch is seen before the line ends.
func TestForeignLinkState(t *testing.T) {
	for _, said := range []string{"[", "{z", "{0000004c]", "{0000004c} N0", "{0000004c}\n"} {
		conn := &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
		_, err := askLinkState(conn, question("link-state", catalog.NoTLS))
		if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
			t.Errorf("%q: error %v", said, err)
		}
	}
}

// TestLinkStateAnswer: the stand-in's lengths are those of the greeting that is
// known.
func TestLinkStateAnswer(t *testing.T) {
	for version, want := range map[string]string{"2000": "6.0.6249.0", "2003": "6.5.6944.0"} {
		s := standIn("link-state", catalog.NoTLS)
		s.Version = version
		conn := hangsUpAfter(nil)
		if err := answerLinkState(conn, s); err != nil {
			t.Error(err)
		}
		line, _, _ := strings.Cut(strings.Join(conn.heard, ""), "\r\n")
		if known := strings.Replace(linkStateKnown, "6.5.6944.0", want, 1); line+"\n" != known {
			t.Errorf("%s greets with %q, want %q", version, line, known)
		}
	}
}

func FuzzAskLinkState(f *testing.F) {
	fuzzAsk(f, "link-state", linkStateKnown, strings.ReplaceAll(linkStateKnown, "\n", "\r\n  \r\n"), "{0000004c} NODEINFO (5) {38}", "{}\n")
}
