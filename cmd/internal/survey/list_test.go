// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

// inClient are the words of the catalogue, for a run of a client.
func inClient() taker { return taker{catalog.Open(), catalog.DefaultFrom} }

// readHosts is every host of a list, and what is wrong with it.
func readHosts(t *testing.T, text io.Reader, tell func(Event)) ([]string, error) {
	t.Helper()
	l := List{Name: "stdin", From: io.NopCloser(text), Pipe: true}.read(t.Context(), inClient(), ParseHost, tell)
	var hosts []string
	for {
		host, more := l.next(t.Context())
		if !more {
			return hosts, l.wrong.err()
		}
		hosts = append(hosts, host.Host)
	}
}

func TestHostList(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		hosts []string
		err   string
	}{
		"plain":              {"mail01\nmail02\n", []string{"mail01", "mail02"}, ""},
		"no last line end":   {"mail01\nmail02", []string{"mail01", "mail02"}, ""},
		"of Windows":         {"\ufeffmail01\r\n\r\n  mail02\t\r\n", []string{"mail01", "mail02"}, ""},
		"a mark and no more": {"\ufeff", nil, ""},
		"comments":           {"# ours\nmail01 # the old one\n\n#mail02\n", []string{"mail01"}, ""},
		"again":              {"mail01\nMAIL01\nmail02\n", []string{"mail01", "mail02"}, ""},
		"nothing":            {"", nil, ""},
		"a mistake":          {"mail01\n\nhttps://mail02/owa\nmail03\n", []string{"mail01", "mail03"}, `stdin:3: host "https://mail02/owa": it is a URL`},
		"UTF-16":             {"\xff\xfem\x00a\x00i\x00l\x00\n\x00", []string{"mail"}, ""},
		"not text":           {"mail01\n\x00\x01\n", []string{"mail01"}, "stdin:2: there is a zero byte in the line: this is not text, or the file is UTF-16 in part"},
		"a table":            {"Name;Site\n\"mail01\";Bonn\nmail02.;\n[2001:db8::1];\n", []string{"mail01", "mail02.", "2001:db8::1"}, ""},
		"two mistakes":       {"mail01\nmail 02\n\"mail03\",Bonn\n", []string{"mail01"}, "stdin has 2 mistakes:\nstdin:2: host \"mail 02\": it has a space in it\nstdin:3: there are several columns, and the first line does not name them"},
		"a host of two rows": {"Name,Role\nmail01,mailbox\nmail01,mailbox\nMAIL01,hub\n", []string{"mail01"}, `stdin:4: host "MAIL01": an earlier row names it and says something else about it`},
		"no lines at all":    {"mail01\n" + strings.Repeat("m", 1<<17), []string{"mail01"}, "stdin:2: the line is longer than 64 KiB"},
	} {
		hosts, err := readHosts(t, strings.NewReader(test.text), func(Event) {})
		if diff := cmp.Diff(test.hosts, hosts); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.err {
			t.Errorf("%s: %q, want %q", name, got, test.err)
		}
	}
}

// A list with thousands of repeated lines has one event about them.
func TestHostListAgain(t *testing.T) {
	var told events
	if _, err := readHosts(t, strings.NewReader(strings.Repeat("mail01\n", 4000)), told.add); err != nil {
		t.Fatal(err)
	}
	want := events{RepeatedLines{List: "stdin", Lines: 3999, First: "mail01", Line: 2}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(- want, + told):\n%s", diff)
	}
}

func TestHostListUnreadable(t *testing.T) {
	_, err := readHosts(t, io.MultiReader(strings.NewReader("mail01\n"), broken{}), func(Event) {})
	if !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "stdin:2: ") {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestHostListInterrupted reads from a pipe to which nobody writes: Ctrl-C is
// not held up by it.
func TestHostListInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	quiet, _ := io.Pipe()
	defer quiet.Close()
	l := List{Name: "stdin", From: quiet, Pipe: true}.read(ctx, inClient(), ParseHost, func(Event) {})
	stop()
	if host, more := l.next(ctx); more || l.wrong.count > 0 {
		t.Errorf("host %v, error %v", host, l.wrong.err())
	}
}
