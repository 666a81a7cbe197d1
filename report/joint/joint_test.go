// SPDX-License-Identifier: Apache-2.0

package joint

import (
	"encoding/json"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/tape"
	"exreach/report/content"
	"exreach/report/ends"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

const (
	near = "198.51.100.7"
	sum  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// run is a run of which the listener may have a record.
var run = content.Run{From: "mailbox", Started: scene.Began, Took: 20}

// asked is a result of a saved report, with the connection that was taped.
func asked(port uint16, verdict probe.Verdict, local uint16, received int64) content.Entry {
	e := content.Entry{
		Host: "far01", Version: "se", Role: "mailbox", Service: "smtp", Network: catalog.TCP, Port: port, Protocol: "smtp", Want: catalog.Required,
		Address: "192.0.2.41", Source: near, Verdict: verdict, Grade: judge.Fail, Care: judge.Pass,
		Findings: []judge.Finding{{Code: string(verdict), Text: "T.", Hint: "H.", Weight: judge.Fail, WeighsOn: judge.OnGrade}},
	}
	if verdict == probe.Answered {
		e.Grade, e.Findings = judge.Pass, nil
	}
	c := ends.Call{Local: netip.AddrPortFrom(netip.MustParseAddr(near), local).String(), At: scene.Began.Add(time.Second), Took: 1, Missed: verdict == probe.TimedOut}
	if received > 0 {
		c.Sent, c.Received = ends.Flow{Bytes: 6, SHA256: sum}, ends.Flow{Bytes: received, SHA256: sum}
	}
	e.Calls = []ends.Call{c}
	return e
}

// record is that of a listener which has these ports open, and at which these arrived.
func record(ports []uint16, arrivals ...far.Arrival) far.Record {
	r := far.Record{
		Schema: far.Schema, Tool: "exreach v0.14.0", Listener: "amber-otter", Host: "far01", Version: "se", Roles: []string{"mailbox"},
		Started: scene.Began.Add(-time.Hour), Now: scene.Began.Add(time.Hour), Dropped: -1, Arrivals: arrivals,
	}
	for _, port := range ports {
		r.Openings = append(r.Openings, far.Opening{Service: "smtp", Network: catalog.TCP, Port: port, Address: netip.IPv6Unspecified(), State: far.Open})
	}
	return r
}

func arrival(port, from uint16, sent int64) far.Arrival {
	a := far.Arrival{Network: catalog.TCP, Port: port, From: netip.AddrPortFrom(netip.MustParseAddr(near), from), At: scene.Began.Add(time.Second), HalfOpen: sent == 0}
	if sent > 0 {
		a.Received, a.Sent = tape.Flow{Bytes: 6, SHA256: sum}, tape.Flow{Bytes: sent, SHA256: sum}
	}
	return a
}

// join joins the entries of hosts, one after the other.
func join(j *Joint, hosts ...[]content.Entry) error {
	for _, entries := range hosts {
		_ = j.Look(run, entries)
	}
	for _, entries := range hosts {
		if err := j.Apply(run, entries); err != nil {
			return err
		}
	}
	return nil
}

// A join says what a contact would have said: the direction, its finding first, and the
// contact in the first entry.
func TestApply(t *testing.T) {
	entries := []content.Entry{
		asked(25, probe.Answered, 50001, 90), asked(443, probe.TimedOut, 50002, 0), asked(587, probe.TimedOut, 50003, 0), asked(80, probe.Answered, 50004, 90),
	}
	j := New("far.json", record([]uint16{25, 80, 443, 587}, arrival(25, 50001, 90), arrival(587, 50003, 0)))
	if err := join(j, entries); err != nil {
		t.Fatal(err)
	}
	if err := j.End(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		direction far.Direction
		grade     judge.Grade
		code      string
	}{{"", judge.Pass, ""}, {far.NeverArrived, judge.Fail, "never-arrived"}, {far.AnswerLost, judge.Fail, "answer-lost"}, {far.AnsweredByOther, judge.Fail, "answered-by-other"}} {
		e := entries[i]
		var codes []string
		for _, f := range e.Findings {
			codes = append(codes, f.Code)
		}
		if e.Direction != want.direction || e.Grade != want.grade || e.Far == nil || strings.Join(codes, " ") != want.code {
			t.Errorf("%d: %q, %s, %q; want %+v", e.Port, e.Direction, e.Grade, codes, want)
		}
	}
	if c := entries[0].Contact; len(c) != 1 || c[0].Listener != "amber-otter" || c[0].Recorded != 2 || c[0].Agree != 1 || len(c[0].Opened) != 4 {
		t.Errorf("the contact is %+v", c)
	}
}

// The clock of the far end may be off by any time where the source ports tell what belongs
// together.
func TestApplyOtherClock(t *testing.T) {
	a := arrival(25, 50001, 90)
	r := record([]uint16{25, 443}, a)
	r.Arrivals[0].At, r.Started, r.Now = a.At.AddDate(0, 0, 3), r.Started.AddDate(0, 0, 3), r.Now.AddDate(0, 0, 3)
	entries := []content.Entry{asked(25, probe.Answered, 50001, 90), asked(443, probe.TimedOut, 50002, 0)}
	if err := join(New("far.json", r), entries); err != nil {
		t.Fatal(err)
	}
	if entries[0].Direction != "" || entries[1].Direction != far.NeverArrived {
		t.Errorf("%q and %q", entries[0].Direction, entries[1].Direction)
	}
}

// A record of another run, or of another host, is told from the right one.
func TestApplyElsewhere(t *testing.T) {
	late := record([]uint16{25})
	late.Started, late.Now = late.Started.AddDate(0, 0, 1), late.Now.AddDate(0, 0, 1)
	err := join(New("far.json", late), []content.Entry{asked(25, probe.TimedOut, 50001, 0)})
	if err == nil || !strings.HasPrefix(err.Error(), "far.json: the record is of another run: the listener ran from 2026-03-03 ") {
		t.Errorf("another run: %v", err)
	}
	j := New("far.json", record([]uint16{25}))
	other := asked(25, probe.Answered, 50001, 90)
	other.Host = "mail01"
	was := other
	entries := []content.Entry{other}
	if err := join(j, entries); err != nil {
		t.Fatal(err)
	}
	if entries[0].Far != nil || entries[0].Grade != was.Grade {
		t.Errorf("a host that is none of the listener's has %+v", entries[0].Far)
	}
	if err := j.End(); err == nil || !strings.Contains(err.Error(), `far.json: the record is about no host of the report: the listener answers as "far01"`) {
		t.Errorf("another host: %v", err)
	}
}

// A record is joined with the host that it is about, and with no other that looks like it.
func TestApplyAmongMany(t *testing.T) {
	host := func(name string, verdict probe.Verdict, local uint16) []content.Entry {
		e := asked(25, verdict, local, 90)
		e.Host, e.Peer = name, &protocol.Peer{StandIn: true}
		return []content.Entry{e}
	}
	for name, test := range map[string]struct {
		hosts  [][]content.Entry
		picked string
		want   string // the hosts that it is joined with
		err    string
	}{
		"by its name":        {[][]content.Entry{host("far02", probe.Answered, 50002), host("far01", probe.Answered, 50003), host("far03", probe.TimedOut, 50004)}, "", "far01", ""},
		"by its source port": {[][]content.Entry{host("far02", probe.Answered, 50002), host("far03", probe.Answered, 50001), host("far04", probe.TimedOut, 50004)}, "", "far03", ""},
		"the only one":       {[][]content.Entry{host("far02", probe.Answered, 50002)}, "", "far02", ""},
		"one of two":         {[][]content.Entry{host("far02", probe.Answered, 50002), host("far03", probe.TimedOut, 50003)}, "", "", "any of 2 hosts of the report, and nothing says about which: name the one"},
		"one that is picked": {[][]content.Entry{host("far02", probe.Answered, 50002), host("far03", probe.TimedOut, 50003)}, "far03", "far03", ""},
	} {
		j := New("far.json", record([]uint16{25}, arrival(25, 50001, 90)))
		if test.picked != "" {
			j.Hosts = func(host string) bool { return host == test.picked }
		}
		if err := join(j, test.hosts...); err != nil {
			t.Fatal(err)
		}
		var joined []string
		for _, entries := range test.hosts {
			if entries[0].Far != nil {
				joined = append(joined, entries[0].Host)
			}
		}
		err := j.End()
		if strings.Join(joined, " ") != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %q, %v", name, joined, err)
		}
	}
}

// A listener that was started after the check had ended has a record of another run, even if
// that is seconds later and everything answered.
func TestApplyNextRun(t *testing.T) {
	next := record([]uint16{25})
	next.Started = scene.Began.Add(time.Duration(run.Took)*time.Second + time.Second)
	entries := []content.Entry{asked(25, probe.Answered, 50001, 90)}
	err := join(New("far.json", next), entries)
	if err == nil || !strings.Contains(err.Error(), "the record is of another run") || entries[0].Far != nil {
		t.Errorf("%v, %+v", err, entries[0].Far)
	}
}

// A report that does not say what its checks sent shows what arrived, and agrees with nothing.
func TestApplyUntaped(t *testing.T) {
	masked, lost := asked(25, probe.Answered, 0, 90), asked(587, probe.TimedOut, 0, 0)
	masked.Calls, lost.Calls = nil, nil
	entries := []content.Entry{masked, lost}
	if err := join(New("far.json", record([]uint16{25, 587}, arrival(25, 50001, 90), arrival(587, 50003, 0))), entries); err != nil {
		t.Fatal(err)
	}
	if e := entries[0]; e.Direction != far.NoDirection || len(e.Far.Came) != 1 || !strings.Contains(e.Far.Note, "It arrived.") {
		t.Errorf("arrived: %q %+v", e.Direction, e.Far)
	}
	if e := entries[1]; e.Direction != far.AnswerLost {
		t.Errorf("half-open: %q %+v", e.Direction, e.Far)
	}
	if c := entries[0].Contact; len(c) != 1 || c[0].Recorded != 2 || c[0].Agree != 0 {
		t.Errorf("the contact is %+v", c)
	}
}

// What came from this machine over IPv6 is no arrival of a check over IPv4.
func TestApplyFamilies(t *testing.T) {
	const near6 = "2001:db8::7"
	for _, taped := range []bool{true, false} {
		four, six := asked(25, probe.Answered, 50001, 90), asked(25, probe.Answered, 50002, 90)
		six.Address, six.Source = "2001:db8::41", near6
		six.Calls[0].Local = netip.AddrPortFrom(netip.MustParseAddr(near6), 50002).String()
		if !taped {
			four.Calls, six.Calls = nil, nil
		}
		came := arrival(25, 50002, 90)
		came.From = netip.AddrPortFrom(netip.MustParseAddr(near6), 50002)
		entries := []content.Entry{four, six}
		if err := join(New("far.json", record([]uint16{25}, came)), entries); err != nil {
			t.Fatal(err)
		}
		if e := entries[0]; e.Direction != far.AnsweredByOther || len(e.Far.Came) != 0 {
			t.Errorf("IPv4, taped %t: %q %+v", taped, e.Direction, e.Far)
		}
		if e := entries[1]; len(e.Far.Came) != 1 || taped != (e.Direction == "") {
			t.Errorf("IPv6, taped %t: %q %+v", taped, e.Direction, e.Far)
		}
	}
}

// What a far end told over a contact is not told again by a file.
func TestApplyTwice(t *testing.T) {
	entries := []content.Entry{asked(25, probe.TimedOut, 50001, 0)}
	entries[0].Direction, entries[0].Far = far.AnswerLost, &ends.Far{Came: []ends.Came{}}
	if err := join(New("far.json", record([]uint16{25})), entries); err != nil {
		t.Fatal(err)
	}
	if entries[0].Direction != far.AnswerLost {
		t.Errorf("the direction is now %q", entries[0].Direction)
	}
}

// A record lifts no grade, whatever it says.
func TestApplyLiftsNothing(t *testing.T) {
	records := []far.Record{record(nil), record([]uint16{25}), record([]uint16{25}, arrival(25, 50001, 90)), record([]uint16{25}, arrival(25, 50001, 0))}
	held := record([]uint16{25})
	held.Openings[0].State, held.Openings[0].Holder = far.Held, "System"
	full := record([]uint16{25})
	full.More = 9
	for i, r := range append(records, held, full) {
		for _, v := range judge.Verdicts() {
			for _, grade := range judge.Grades() {
				e := asked(25, v, 50001, 90)
				e.Grade = grade
				entries := []content.Entry{e}
				if err := join(New("far.json", r), entries); err != nil {
					t.Fatal(err)
				}
				if judge.Compare(entries[0].Grade, grade) < 0 || entries[0].Care != e.Care || entries[0].Verdict != v {
					t.Errorf("record %d: %s, %s becomes %s", i, v, grade, entries[0].Grade)
				}
			}
		}
	}
}

// What is no record is refused, with its name and, where that can be told, its line.
func TestRead(t *testing.T) {
	good, err := json.MarshalIndent(record([]uint16{25}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read("far.json", strings.NewReader(string(good))); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"schema": "exreach/2"}`: "far.json: this is the report of a check, and not the record of a listener: name the report first, then the record",
		``:                        "far.json: the record ends too soon",
		"{\n\"schema\": x}":       "far.json: line 2: ",
		"{\n\n\"schema\": 1}":     "far.json: line 3: ",
		`{"schema": "nmap/7"}`:    `far.json: the record has the schema "nmap/7"`,
		strings.Replace(string(good), `"state": "open"`, `"state": "ajar"`, 1):    `the state "ajar" is none`,
		strings.Replace(string(good), `"network": "tcp"`, `"network": "sctp"`, 1): `neither tcp nor udp`,
		strings.Replace(string(good), `"port": 25`, `"port": 70000`, 1):           "far.json: line ",
		strings.Replace(string(good), `"arrivals": null`, `"arrivals": [{}]`, 1):  "arrival 1 of the record",
	} {
		if _, err := Read("far.json", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

// A file as large as may be that is lists of nothing takes the memory of the file, about.
func TestReadHuge(t *testing.T) {
	text := `{"schema":"exreach-listen/1","arrivals":[` + strings.Repeat("{},", mostText/3-20) + `{}]}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read("far.json", strings.NewReader(text))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 6*mostText {
		t.Errorf("%d MiB, %v", took>>20, err)
	}
}

// FuzzRead: no file makes a join fail in another way than by its error, and what it says
// lifts no grade.
func FuzzRead(f *testing.F) {
	text, _ := json.Marshal(record([]uint16{25, 443}, arrival(25, 50001, 90), arrival(443, 50002, 0)))
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		j, err := Read("far.json", strings.NewReader(string(text)))
		if err != nil {
			return
		}
		entries := []content.Entry{asked(25, probe.Answered, 50001, 90), asked(443, probe.TimedOut, 50002, 0)}
		was := slices.Clone(entries)
		if join(j, entries) != nil {
			return
		}
		for i, e := range entries {
			if judge.Compare(e.Grade, was[i].Grade) < 0 {
				t.Errorf("%s becomes %s", was[i].Grade, e.Grade)
			}
		}
	})
}
