// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"exreach/cmd/internal/files"
)

// A hostList is a text with one host a line. Blank lines, and what stands behind
// a #, are for people.
type hostList struct {
	name  string                            // of the file, for messages
	from  io.Reader                         // where it is read from
	host  func(word string) (string, error) // the host that a word stands for
	lines <-chan listLine
	notes io.Writer
	seed  maphash.Seed
	seen  map[uint64]bool // hashes of names: a long list takes little memory so
	again int             // lines that name a host once more
	first string          // what the first of those says, and where
	err   error           // why the list ended early; nil where it did not
}

// A listLine is one line of the file, or why there are no more.
type listLine struct {
	number int
	text   string
	err    error
}

// openHostList opens a list; - is standard input. It reports whether that is a
// pipe, of which more may come at any time.
func openHostList(ctx context.Context, name string, stdin io.Reader, notes io.Writer) (list *hostList, pipe bool, err error) {
	from, closer := stdin, io.Closer(io.NopCloser(stdin))
	if name != "-" {
		f, err := files.Open(ctx, name)
		if err != nil {
			return nil, false, fmt.Errorf("cannot read the hosts: %w", err)
		}
		from, closer = f, f
	} else {
		name = "stdin"
	}
	lines := make(chan listLine)
	// The system does not let go of a read from a pipe when ctx ends. This
	// goroutine may hang in one, then; the program ends without it.
	go func() {
		defer close(lines)
		defer closer.Close()
		readLines(ctx, from, lines)
	}()
	return &hostList{name: name, from: from, lines: lines, notes: notes, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}, !files.IsRegular(from), nil
}

// readLines sends every line of r until ctx ends.
func readLines(ctx context.Context, r io.Reader, lines chan<- listLine) {
	text := bufio.NewScanner(r)
	l := listLine{number: 1}
	send := func() bool {
		select {
		case lines <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for ; text.Scan(); l.number++ {
		if l.text = text.Text(); !send() {
			return
		}
	}
	if l.err = text.Err(); l.err != nil {
		send()
	}
}

// next is the next host, each once. There is none at the end, after a mistake,
// and when ctx ends.
func (l *hostList) next(ctx context.Context) (name string, more bool) {
	for {
		var line listLine
		select {
		case line, more = <-l.lines:
		case <-ctx.Done():
			return "", false
		}
		if !more {
			l.noteRepeated()
			l.seen = nil
			return "", false
		}
		if name, l.err = l.read(line); l.err != nil {
			return "", false
		}
		if name != "" {
			return name, true
		}
	}
}

// read is the host of a line; "" where there is none, or one that is known.
func (l *hostList) read(line listLine) (string, error) {
	text, err := line.text, line.err
	if line.number == 1 {
		text = strings.TrimPrefix(text, "\ufeff") // Windows editors put a byte order mark in front
	}
	word, _, _ := strings.Cut(text, "#")
	word = strings.TrimSpace(word)
	name := ""
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("the line is longer than %d KiB", bufio.MaxScanTokenSize>>10)
	case err != nil:
	case strings.ContainsRune(text, 0):
		err = hinted("save it as UTF-8 or plain ASCII", "there is a zero byte in the line: this is not text, or it is UTF-16")
	case word != "":
		name, err = l.host(word)
	}
	if err != nil {
		return "", fmt.Errorf("%s:%d: %w", l.name, line.number, err)
	}
	key := maphash.String(l.seed, strings.ToLower(name))
	if name != "" && l.seen[key] {
		if l.again++; l.again == 1 {
			l.first = fmt.Sprintf("%s in line %d", name, line.number)
		}
		return "", nil
	}
	l.seen[key] = true
	return name, nil
}

// noteRepeated says at the end of the list what stands there more than once.
func (l *hostList) noteRepeated() {
	switch l.again {
	case 0:
	case 1:
		note(l.notes, "%s: 1 line repeats a host, which is checked once: %s", l.name, l.first)
	default:
		note(l.notes, "%s: %d lines repeat a host, which is checked once: the first is %s", l.name, l.again, l.first)
	}
}
