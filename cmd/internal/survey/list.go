// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
)

// A List is a text with one host a line, which Listed reads. Blank lines, and what stands
// behind a #, mean nothing to it.
type List struct {
	Name string        // for messages
	From io.ReadCloser // closed once it is read
	Pipe bool          // more may come at any time
}

// A hostList yields the hosts of a List while a goroutine reads it.
type hostList struct {
	name  string
	host  func(word string) (string, error) // the host that a word stands for
	lines <-chan listLine
	tell  func(Event)
	seed  maphash.Seed
	seen  map[uint64]bool // hashes of names: a long list takes little memory
	again RepeatedLines   // lines that name a host once more
	err   error           // why the list ended early; nil where it did not
}

// A listLine is one line of the file, or why there are no more.
type listLine struct {
	number int
	text   string
	err    error
}

// read starts a goroutine that reads the list, until ctx ends, and then closes it.
func (l List) read(ctx context.Context, host func(word string) (string, error), tell func(Event)) *hostList {
	lines := make(chan listLine)
	// The end of ctx does not end a read from a pipe. This goroutine may hang in
	// one then; the program ends without waiting for it.
	go func() {
		defer close(lines)
		defer l.From.Close()
		readLines(ctx, l.From, lines)
	}()
	return &hostList{name: l.Name, host: host, lines: lines, tell: tell, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
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

// next returns the next host, and skips those that were named before. more is false at
// the end, at a mistake (then err says which), and when ctx ends.
func (l *hostList) next(ctx context.Context) (name string, more bool) {
	for {
		var line listLine
		select {
		case line, more = <-l.lines:
		case <-ctx.Done():
			return "", false
		}
		if !more {
			if l.again.Lines > 0 {
				l.tell(l.again)
			}
			l.seen = nil
			return "", false
		}
		if name, l.err = l.hostIn(line); l.err != nil {
			return "", false
		}
		if name != "" {
			return name, true
		}
	}
}

// hostIn returns the host that a line names; "" if it names none, or repeats one.
func (l *hostList) hostIn(line listLine) (string, error) {
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
		err = mistake("save it as UTF-8 or plain ASCII", "there is a zero byte in the line: this is not text, or it is UTF-16")
	case word != "":
		name, err = l.host(word)
	}
	if err != nil {
		return "", fmt.Errorf("%s:%d: %w", l.name, line.number, err)
	}
	key := maphash.String(l.seed, strings.ToLower(name))
	if name != "" && l.seen[key] {
		if l.again.Lines++; l.again.Lines == 1 {
			l.again.List, l.again.First, l.again.Line = l.name, name, line.number
		}
		return "", nil
	}
	l.seen[key] = true
	return name, nil
}
