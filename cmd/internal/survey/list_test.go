// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readHosts is every host of a list, and why it ends.
func readHosts(t *testing.T, text io.Reader, tell func(Event)) ([]string, error) {
	t.Helper()
	l := List{Name: "stdin", From: io.NopCloser(text), Pipe: true}.read(t.Context(), ParseHost, tell)
	var hosts []string
	for {
		host, more := l.next(t.Context())
		if !more {
			return hosts, l.err
		}
		hosts = append(hosts, host)
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
		"a mistake":          {"mail01\n\nhttps://mail02/owa\nmail03\n", []string{"mail01"}, `stdin:3: host "https://mail02/owa": it is a URL`},
		"UTF-16":             {"\xff\xfem\x00a\x00i\x00l\x00\n\x00", nil, "stdin:1: there is a zero byte in the line: this is not text, or it is UTF-16"},
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
	l := List{Name: "stdin", From: quiet, Pipe: true}.read(ctx, ParseHost, func(Event) {})
	stop()
	if host, more := l.next(ctx); more || l.err != nil {
		t.Errorf("host %q, error %v", host, l.err)
	}
}
