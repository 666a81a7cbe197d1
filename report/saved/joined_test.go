// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/report/content"
	"exreach/report/judge/scene"
)

// networkOf is the report of a run of another machine, some hours after that of network.
func networkOf(machine string, hours int) content.Report {
	r := network()
	r.Machine, r.Started = machine, r.Started.Add(time.Duration(hours)*time.Hour)
	return r
}

// saves writes a report in a format, as a file with a name.
func saves(t testing.TB, name, format string, r content.Report) text {
	return text{name, write(t, format, r, content.Style{})}
}

// fromV1 is a file that exreach/1 left.
func fromV1(t testing.TB, file string) text {
	t.Helper()
	data, err := os.ReadFile("testdata/v1/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return text{file, string(data)}
}

// laterV1 is lines that exreach/1 left of another run: it found the same in other times.
func laterV1(t testing.TB) text {
	v1 := fromV1(t, "network.jsonl")
	v1.text = strings.ReplaceAll(v1.text, `"took_s":0.0`, `"took_s":0.10`)
	return v1
}

// mustJoin joins reports that can be.
func mustJoin(t testing.TB, texts ...text) content.Report {
	t.Helper()
	r, err := join(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ofRun is the results of one run of a joined report, as the report of that run alone has them.
func ofRun(r content.Report, run int) []content.Entry {
	var entries []content.Entry
	for _, e := range r.Results {
		if e.Run == run {
			e.Run = 0
			entries = append(entries, e)
		}
	}
	return entries
}

// Reports of several files, layouts and formats become one. What each says of its run stays
// with the run, what holds for all is told once, and nothing is made up for one that says
// nothing.
func TestJoin(t *testing.T) {
	alone, v1 := network(), laterV1(t)
	other := networkOf("pc02", 1)
	r := mustJoin(t, saves(t, "berlin.json", "json", alone), v1, saves(t, "paris.jsonl", "jsonl", other), saves(t, Stdin, "json", networkOf("pc03", 2)))
	want := []content.Run{
		{Name: "admin01", File: "berlin.json", Tool: alone.Tool, From: alone.From, Machine: "admin01", Started: alone.Started, Took: 7.24, Options: alone.Options, Unasked: 2, Unread: true},
		{Name: "network.jsonl", File: "network.jsonl"},
		{Name: "pc02", File: "paris.jsonl", Tool: alone.Tool, From: alone.From, Machine: "pc02", Started: other.Started},
		{Name: "pc03", Tool: alone.Tool, From: alone.From, Machine: "pc03", Started: alone.Started.Add(2 * time.Hour), Took: 7.24, Options: alone.Options, Unasked: 2, Unread: true},
	}
	if diff := cmp.Diff(want, r.Runs); diff != "" {
		t.Errorf("runs (- want, + got):\n%s", diff)
	}
	if r.Tool+r.From+r.Machine != "" || !r.Started.IsZero() || r.Took != 0 || r.Options != nil {
		t.Errorf("the head is that of one run: %+v", r)
	}
	if diff := cmp.Diff(alone.GroundRules, r.GroundRules); diff != "" {
		t.Errorf("ground rules (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff(alone.Untestable, r.Untestable); diff != "" {
		t.Errorf("untestable (- want, + got):\n%s", diff)
	}
	old, err := readBack(v1.name, strings.NewReader(v1.text))
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range map[int][]content.Entry{1: alone.Results, 2: old.Results} {
		if diff := cmp.Diff(want, ofRun(r, run), asSaved); diff != "" {
			t.Errorf("run %d (- alone, + joined):\n%s", run, diff)
		}
	}
	if n := len(alone.Hosts)*3 + len(old.Hosts); len(r.Hosts) != n || r.Counts.Hosts.Unasked != 4 || !r.Counts.Hosts.Unread {
		t.Errorf("%d hosts of %d, %+v", len(r.Hosts), n, r.Counts.Hosts)
	}
}

// A joined report that is saved and read again has lost nothing, and more can be joined to
// it.
func TestJoinAgain(t *testing.T) {
	want := mustJoin(t, saves(t, "a.json", "json", network()), laterV1(t), saves(t, Stdin, "jsonl", networkOf("pc02", 1)))
	document := saves(t, "joined.json", "json", want)
	follow(t, document.text)
	got := mustJoin(t, document)
	if diff := cmp.Diff(want, got, asSaved); diff != "" {
		t.Errorf("- written, + read:\n%s", diff)
	}
	if again := write(t, "json", got, content.Style{}); again != document.text {
		t.Errorf("written again it differs:\n%s", cmp.Diff(document.text, again))
	}
	more := mustJoin(t, saves(t, "c.json", "json", networkOf("pc03", 2)), document, saves(t, "d.json", "json", networkOf("pc04", 3)))
	var machines []string
	for _, run := range more.Runs {
		machines = append(machines, run.Machine)
	}
	if diff := cmp.Diff([]string{"pc03", "admin01", "", "pc02", "pc04"}, machines); diff != "" {
		t.Error(diff)
	}
	for run, of := range map[int]int{2: 1, 3: 2, 4: 3} {
		if diff := cmp.Diff(ofRun(want, of), ofRun(more, run), asSaved); diff != "" {
			t.Errorf("run %d of the joined report (- before, + now):\n%s", of, diff)
		}
	}
}

// Lines of several runs are what cron appends to one file, in which order ever they come, and
// what a joined report has as lines.
func TestJoinLines(t *testing.T) {
	a, b := network(), networkOf("pc02", 1)
	both := mustJoin(t, saves(t, "a.json", "json", a), saves(t, "b.json", "json", b))
	lines := saves(t, "joined.jsonl", "jsonl", both)
	follow(t, lines.text)
	if strings.Contains(lines.text, `"run":`) {
		t.Error("a line has the number of a run, which means nothing in it")
	}
	sorted := slices.Sorted(strings.Lines(lines.text)) // by their starts: see networkOf
	slices.SortStableFunc(sorted, func(a, b string) int { return strings.Compare(host(a), host(b)) })
	for name, text := range map[string]text{
		"joined":   lines,
		"appended": {"log.jsonl", write(t, "jsonl", a, content.Style{}) + write(t, "jsonl", b, content.Style{})},
		"mixed":    {"log.jsonl", strings.Join(sorted, "")},
	} {
		got := mustJoin(t, text)
		if len(got.Runs) != 2 || got.Runs[0].File != text.name {
			t.Fatalf("%s: %+v", name, got.Runs)
		}
		for run, want := range map[string][]content.Entry{"admin01": a.Results, "pc02": b.Results} {
			i := slices.IndexFunc(got.Runs, func(r content.Run) bool { return r.Machine == run })
			entries := ofRun(got, i+1)
			if name == "mixed" {
				entries, want = byText(entries), byText(want)
			}
			if diff := cmp.Diff(want, entries, asSaved); diff != "" {
				t.Errorf("%s: %s (- alone, + joined):\n%s", name, run, diff)
			}
		}
	}
}

// host is the host of a line.
func host(line string) string {
	_, rest, _ := strings.Cut(line, `"host":"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// byText sorts results in some order that does not depend on the one they have.
func byText(entries []content.Entry) []content.Entry {
	return slices.SortedFunc(slices.Values(entries), func(a, b content.Entry) int {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return bytes.Compare(x, y)
	})
}

// A run counts once, and the message names both files. It is the same run in whatever format
// and layout.
func TestJoinSameRun(t *testing.T) {
	a := saves(t, "a.json", "json", network())
	lines := write(t, "jsonl", network(), content.Style{})
	half := strings.Index(lines[len(lines)/2:], "\n") + len(lines)/2 + 1
	v1 := fromV1(t, "network.jsonl")
	old, tail := v1.text, v1.text[strings.Index(v1.text, "\n")+1:]
	both := mustJoin(t, a, saves(t, "b.json", "json", networkOf("pc02", 1)))
	nameless := network()
	nameless.Machine = ""
	for name, test := range map[string]struct {
		texts []text
		says  string
	}{
		"two copies":           {[]text{a, {"b.json", a.text}}, `b.json: it is of the same run as a.json (admin01, 2026-03-02 09:30 UTC): leave one of them out`},
		"another format":       {[]text{a, {"b.jsonl", lines}}, `b.jsonl: line 1: it is of the same run as a.json (admin01, 2026-03-02 09:30 UTC): leave one of them out`},
		"two halves":           {[]text{{"a.jsonl", lines[:half]}, {"b.jsonl", lines[half:]}}, `b.jsonl: line 1: it is of the same run as a.jsonl (`},
		"no machine":           {[]text{saves(t, "a.json", "json", nameless), saves(t, "b.json", "json", nameless)}, `b.json: it is of the same run as a.json (2026-03-02 09:30 UTC): leave`},
		"the same name":        {[]text{a, a}, `a.json: the same file is named twice: leave one of them out`},
		"part of a joined one": {[]text{saves(t, "joined.json", "json", both), a}, `a.json: it is of the same run as joined.json (admin01, 2026-03-02 09:30 UTC): leave one of them out`},
		"a joined one":         {[]text{saves(t, "b.jsonl", "jsonl", networkOf("pc02", 1)), saves(t, "joined.json", "json", both)}, `run 2: it is of the same run as b.jsonl (pc02, 2026-03-02 10:30 UTC): leave one of them out`},
		"in the middle":        {[]text{a, {"b.jsonl", write(t, "jsonl", networkOf("pc02", 1), content.Style{}) + lines}}, `b.jsonl: line 19: it is of the same run as a.json (`},
		"no head":              {[]text{{"a.jsonl", old}, {"b.jsonl", old}}, `it is of the same run as a.jsonl: leave one of them out: the result of smtp (25/tcp) at mail01.contoso.com stands in both, with the same times`},
		"a part, no head":      {[]text{{"a.jsonl", old}, {"b.jsonl", tail}}, `it is of the same run as a.jsonl: leave one of them out: the result of `},
		"more, no head":        {[]text{{"a.jsonl", tail}, {"b.jsonl", old}}, `it is of the same run as a.jsonl: leave one of them out: the result of `},
		"one without a head":   {[]text{fromV1(t, "network.json"), {"b.jsonl", old}}, `b.jsonl: line 1: it is of the same run as network.json (admin01, 2026-03-02 09:30 UTC): leave one of them out: the result of `},
	} {
		if _, err := join(test.texts...); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s:\n got %v\nwant %s", name, err, test.says)
		}
	}
}

// Two runs may find the same in the same times, by chance: they began at other times.
func TestJoinAlike(t *testing.T) {
	r := mustJoin(t, saves(t, "a.json", "json", network()), saves(t, "b.json", "json", networkOf("admin01", 24)))
	if len(r.Runs) != 2 || len(r.Results) != 2*len(network().Results) {
		t.Errorf("%d runs, %d results", len(r.Runs), len(r.Results))
	}
}

// The names of runs, and all that they say, are made printable, and a name is the run's own.
func TestJoinHostile(t *testing.T) {
	forged := hostileReport()
	a := content.Run{Name: hostile, File: hostile, Tool: hostile, From: hostile, Machine: hostile, Options: content.Options{hostile: {hostile}}}
	b := a
	b.Started = scene.Began
	forged.Runs = []content.Run{a, b}
	forged.Results[0].Run, forged.Results[1].Run, forged.Results[2].Run = 1, 2, 2
	data, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	r := mustJoin(t, text{hostile + ".json", string(data)}, saves(t, "b"+hostile, "json", network()))
	if len(r.Runs) != 3 || r.Runs[0].Name == r.Runs[1].Name {
		t.Errorf("%+v", r.Runs)
	}
	for _, format := range []string{"json", "jsonl", "table"} {
		checkHarmless(t, format, write(t, format, r, content.Style{Width: 60}))
	}
}
