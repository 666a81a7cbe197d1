// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// A box is a shelf in memory, with room for so many bytes.
type box struct {
	text []byte
	room int
}

func (b *box) Write(p []byte) (int, error) {
	if len(b.text)+len(p) > b.room {
		return 0, errors.New("no space left")
	}
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *box) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(b.text).ReadAt(p, at) }

// A report is the same wherever its results lie meanwhile.
func TestDraftShelved(t *testing.T) {
	const hosts = 150 // with more results than are kept at hand
	written := func(format string, open func() (Shelf, error)) string {
		var text strings.Builder
		d := draftOf(&text, format)
		d.Shelve(open)
		n := 0
		for host := range judge.Hosts(context.Background(), manyHosts(hosts), scene.Began, nil) {
			n += len(host.Rows)
			_ = d.Add(host) // to memory
		}
		for host := range judge.Hosts(context.Background(), scene.HostsOf(scene.Network()), scene.Began, nil) {
			host.Place -= 1 << 20 // these come last and stand first
			_ = d.Add(host)       // to memory
		}
		if n <= atHand {
			t.Fatalf("%d results are kept at hand", n)
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	wide := &box{room: 1 << 30}
	for _, format := range FormatNames() {
		want := written(format, nil)
		for name, open := range map[string]func() (Shelf, error){
			"much room":   func() (Shelf, error) { wide.text = nil; return wide, nil },
			"little room": func() (Shelf, error) { return &box{room: 200 << 10}, nil },
			"none":        func() (Shelf, error) { return nil, os.ErrPermission },
		} {
			if got := written(format, open); got != want {
				t.Errorf("%s, %s: the report differs", format, name)
			}
		}
		if len(wide.text) == 0 {
			t.Errorf("%s: nothing was shelved", format)
		}
	}
}

// What the disk does not give back is told, and no report is made without it.
func TestDraftShelfLost(t *testing.T) {
	for _, format := range []string{"json", "jsonl"} {
		lost := &box{room: 1 << 30}
		d := draftOf(io.Discard, format)
		d.Shelve(func() (Shelf, error) { return lost, nil })
		for host := range judge.Hosts(context.Background(), manyHosts(150), scene.Began, nil) {
			_ = d.Add(host) // to memory
		}
		lost.text = lost.text[:len(lost.text)/2]
		err := d.End()
		if unread := (*UnreadError)(nil); !errors.As(err, &unread) || !strings.Contains(err.Error(), "cannot read back the results of the run") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// draftOf is a draft in a format. It does not know the head of its report, and so keeps the
// hosts, whatever the format.
func draftOf(to io.Writer, format string) *Draft {
	f, err := FormatNamed(format, FormatNames())
	if err != nil {
		panic(err)
	}
	return NewDraft(Outlet{f, f.Report(to, content.Style{})})
}

// A few values may be so long that they are better shelved.
func TestShelfLongValues(t *testing.T) {
	on := &box{room: 1 << 30}
	s := shelf{fresh: func() (Shelf, error) { return on, nil }}
	long := strings.Repeat("a", muchAtHand*2/3)
	if _, shelved := s.put(long, 1); shelved {
		t.Error("the first is shelved")
	}
	at, shelved := s.put(long, 1)
	var back string
	if err := s.get(at, &back); !shelved || err != nil || back != long {
		t.Errorf("shelved: %t, %d bytes come back, %v", shelved, len(back), err)
	}
	if _, shelved := s.put("short", 1); shelved {
		t.Error("there is room for a short one")
	}
}
