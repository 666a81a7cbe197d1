// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"exreach/report/content"
	"exreach/report/judge/scene"
)

// More runs than any report is joined of are refused when they come, in one file or in many.
func TestJoinManyRuns(t *testing.T) {
	var lines, runs strings.Builder
	var files []text
	for i := range manyRuns + 1 {
		started := scene.Began.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)
		line := fmt.Sprintf(`{"started":%q,%s`+"\n", started, minimal(`"host":"a"`)[1:])
		lines.WriteString(line)
		files = append(files, text{fmt.Sprintf("%d.jsonl", i), line})
		fmt.Fprintf(&runs, `{"started":%q},`+"\n", started)
	}
	for says, texts := range map[string][]text{
		"log.jsonl: line 1025: more than 1024 runs: exreach joins no more":             {{"log.jsonl", lines.String()}},
		"1024.jsonl: line 1: more than 1024 runs: exreach joins no more":               files,
		"joined.json: line 1025: run 1025: more than 1024 runs: exreach joins no more": {{"joined.json", `{"schema":"exreach/2","runs":[` + runs.String()}},
	} {
		if _, err := join(texts...); fmt.Sprint(err) != says {
			t.Errorf("got %v, want %s", err, says)
		}
	}
	if r := mustJoin(t, files[:manyRuns]...); len(r.Runs) != manyRuns {
		t.Errorf("%d runs", len(r.Runs))
	}
}

// What all reports say of their runs, and of what holds for all results, takes some room and
// no more.
func TestJoinMuchHead(t *testing.T) {
	d := newDraft(t, "table", io.Discard, content.Style{})
	r := NewReader(d)
	option := `"` + strings.Repeat("a", 1<<20) + `"`
	for i := range 100 {
		text := fmt.Sprintf("{\"schema\":\"exreach/2\",\n\"tool\":%s,\"options\":{\"only\":[%s]},\n\"results\":[]}", option, option)
		if err := r.Read(fmt.Sprint(i), strings.NewReader(text)); err != nil {
			if want := "32: line 2: the heads of all reports have more than 64 MiB"; !strings.HasPrefix(err.Error(), want) && !strings.HasPrefix(err.Error(), "31"+want[2:]) {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Error("100 reports with heads of 2 MiB are read")
}

// What is kept of each of many files is little: their results are on the way to the format.
func TestJoinMemory(t *testing.T) {
	const files, atMost = 200, 4 << 20
	var g gauge
	d := newDraft(t, "jsonl", &g, content.Style{})
	r := NewReader(d)
	before := int(heap())
	for i := range files {
		if err := r.Read(fmt.Sprint(i), strings.NewReader(saves(t, "", "jsonl", networkOf("pc", i)).text)); err != nil {
			t.Fatal(err)
		}
	}
	if now := int(heap()); now > before+atMost {
		t.Errorf("%d KB are in use, %d before", now>>10, before>>10)
	}
	if err := d.End(); err != nil || g.writes < files {
		t.Errorf("%d writes, %v", g.writes, err)
	}
}

// What holds for all results is told once, however many reports say it, and no report makes a
// long list of it.
func TestJoinManyNotes(t *testing.T) {
	const bad = "line 2: untestable: more than 4096 different ones in all reports: exreach writes none of so many"
	var notes []string
	for i := range manyNotes + 1 {
		notes = append(notes, fmt.Sprintf(`{"service":"s%d"}`, i))
	}
	file := func(name string, notes []string) text {
		return text{name, "{\"schema\":\"exreach/2\",\n\"untestable\":[" + strings.Join(notes, ",") + "],\"results\":[]}"}
	}
	for name, texts := range map[string][]text{
		"a": {file("a", notes)},
		"b": {file("a", notes[1:]), file("b", notes[:1])},
	} {
		if _, err := join(texts...); fmt.Sprint(err) != name+": "+bad {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if r := mustJoin(t, file("a", notes[1:]), file("b", notes[1:])); len(r.Untestable) != manyNotes {
		t.Errorf("%d services", len(r.Untestable))
	}
}
