// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// render is what a format writes of a finished report.
func render(t *testing.T, format string, f Finished, s Style) string {
	t.Helper()
	var out bytes.Buffer
	if err := put(&out, format, f, s); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out.String()
}

// readBack is a saved report with its results in memory.
func readBack(name string, r io.Reader) (Report, error) {
	var text bytes.Buffer
	saved, err := Look(name, io.TeeReader(r, &text))
	if err != nil {
		return Report{}, err
	}
	f, err := saved.Sorted(&text)
	for entries := range f.parts {
		f.Results = append(f.Results, entries...)
	}
	return f.Report, err
}

// checkSaved wants the same of a report whether its results are kept in memory or
// read again.
func checkSaved(t *testing.T, name string, text []byte) {
	t.Helper()
	again := func() io.Reader { return bytes.NewReader(text) }
	r, wrong := readBack("saved", again())
	saved, err := Look("saved", again())
	if wrong != nil || err != nil {
		if wrong == nil || err == nil || wrong.Error() != err.Error() {
			t.Errorf("%s: read: %v; looked through: %v", name, wrong, err)
		}
		return
	}
	f := saved.Streamed(again)
	if saved.Scattered {
		if f, err = saved.Sorted(again()); err != nil {
			t.Fatal(err)
		}
	}
	for _, style := range []Style{{}, {Width: 60, Verbose: true}} {
		for _, format := range []string{"table", "json"} {
			if want, got := render(t, format, r.Finished(), style), render(t, format, f, style); want != got {
				t.Errorf("%s: %s of results in memory:\n%s\nof results that are read again:\n%s", name, format, want, got)
			}
		}
	}
}

func TestSaved(t *testing.T) {
	document, lines := write(t, "json", draft(scene.Network()), Style{}), write(t, "jsonl", draft(scene.Network()), Style{})
	hostileText := write(t, "json", hostileReport(), Style{})
	many := strings.Repeat(`{"host":"a","service":"s","want":"required","verdict":"refused","grade":"fail","detail":"`+strings.Repeat("d", 200)+`"}`+"\n", manyResults)
	for name, text := range map[string]string{
		"a document":                document,
		"lines":                     lines,
		"PowerShell 5":              "\xff\xfe" + string(utf16Bytes(binary.LittleEndian, utf16.Encode([]rune(document)))),
		"one run behind another":    lines + lines,
		"a host that comes back":    lines + strings.ReplaceAll(lines, `"host":"`, `"host":"b.`) + lines,
		"a host with many results":  many,
		"no results":                `{"schema":"exreach/1","results":[]}`,
		"a heading behind":          strings.Replace(document, `"schema"`, `"results":[],"schema"`, 1),
		"texts of others":           strings.NewReplacer(`"verdict": "`, `"verdict": "refused", "x": "`, `"want": "`, `"want": "off", "x": "`, `"grade": "`, `"grade": "fail", "x": "`).Replace(hostileText),
		"cut off":                   document[:len(document)/2],
		"a wrong word in the end":   lines + `{"verdict":"open"}`,
		"a host that was not asked": lines + `{"host":"z","want":"off","verdict":"untried","grade":"unknown"}` + "\n" + `{"host":"z","verdict":"cut","want":"off","grade":"pass","service":"` + strings.Repeat("w", 39) + `"}`,
	} {
		checkSaved(t, name, []byte(text))
	}
	if s, err := Look("lines", strings.NewReader(lines)); err != nil || s.Scattered {
		t.Errorf("what exreach writes is scattered: %+v, %v", s, err)
	}
}

// A file may be another when it is read again.
func TestSavedChanged(t *testing.T) {
	lines := write(t, "jsonl", draft(scene.Network()), Style{})
	saved, err := Look("run.jsonl", strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"table", "json"} {
		err := put(io.Discard, format, saved.Streamed(func() io.Reader { return strings.NewReader(lines + "{") }), Style{})
		if unread := (*UnreadError)(nil); !errors.As(err, &unread) || !strings.HasPrefix(err.Error(), "run.jsonl: line ") {
			t.Errorf("%s: %v", format, err)
		}
		if err := put(brokenWriter{}, format, saved.Streamed(func() io.Reader { return strings.NewReader(lines) }), Style{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: a full disk is told as %v", format, err)
		}
	}
}

// What is in use while a report is written does not grow with the number of its hosts.
func TestSavedMemory(t *testing.T) {
	const hosts, atMost = 300, 4 << 20 // in memory they take 25 MB
	var text bytes.Buffer
	for host := range judge.Hosts(context.Background(), manyHosts(hosts), scene.Began, nil) {
		if err := newLines(&text, Style{}).Host(Entries(host)); err != nil {
			t.Fatal(err)
		}
	}
	before := heap()
	again := func() io.Reader { return bytes.NewReader(text.Bytes()) }
	saved, err := Look("run.jsonl", again())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range saved.Streamed(again).parts {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%100 == 0 {
			if now := heap(); now > before+atMost {
				t.Errorf("after %d hosts %d MB are in use", n, (now-before)>>20)
			}
		}
	}
	if n != hosts {
		t.Errorf("%d hosts, want %d", n, hosts)
	}
	_ = text.Len() // is in use until here
}

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
	written := func(d *Draft) string {
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
		f := d.finish(0, 0)
		return render(t, "table", f, Style{Verbose: true}) + render(t, "json", f, Style{})
	}
	want := written(newDraft(nil))
	wide := &box{room: 1 << 30}
	for name, open := range map[string]func() (Shelf, error){
		"much room":   func() (Shelf, error) { return wide, nil },
		"little room": func() (Shelf, error) { return &box{room: 200 << 10}, nil },
		"none":        func() (Shelf, error) { return nil, os.ErrPermission },
	} {
		d := newDraft(nil)
		d.Shelve(open)
		if got := written(d); got != want {
			t.Errorf("%s: the report differs", name)
		}
	}
	if len(wide.text) == 0 {
		t.Error("nothing was shelved")
	}
}

// What the disk does not give back is told, and no report is made without it.
func TestDraftShelfLost(t *testing.T) {
	lost := &box{room: 1 << 30}
	d := newDraft(nil)
	d.Shelve(func() (Shelf, error) { return lost, nil })
	for host := range judge.Hosts(context.Background(), manyHosts(150), scene.Began, nil) {
		_ = d.Add(host) // to memory
	}
	lost.text = lost.text[:len(lost.text)/2]
	for _, format := range []string{"table", "json"} {
		err := put(io.Discard, format, d.finish(0, 0), Style{})
		if unread := (*UnreadError)(nil); !errors.As(err, &unread) || !strings.Contains(err.Error(), "cannot read back the results of the run") {
			t.Errorf("%s: %v", format, err)
		}
	}
}
