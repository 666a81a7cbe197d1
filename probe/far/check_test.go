// SPDX-License-Identifier: Apache-2.0

package far

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/tape"
)

// sound is a record as a listener writes it.
func sound() Record {
	return Record{
		Schema: Schema, Tool: "exreach", Listener: "amber", Host: "mail01", Version: "se", Roles: []string{"mailbox"},
		Started: noon, Now: noon.Add(time.Minute), Dropped: -1,
		Openings: []Opening{{Service: "smtp", Network: catalog.TCP, Port: 25, Address: netip.IPv6Unspecified(), State: Open}},
		Arrivals: []Arrival{with(arrived(ours, ehlo, banner), func(a *Arrival) { a.Certificate = shown })},
	}
}

// TestReadRecord: a record comes back as it was written.
func TestReadRecord(t *testing.T) {
	text, err := json.Marshal(sound())
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(bytes.NewReader(text))
	if err != nil || len(got.Arrivals) != 1 || got.Arrivals[0].From != ours || !got.Arrivals[0].Received.Equals(said(ehlo)) || got.Openings[0].State != Open {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadRecord(bytes.NewReader(text[:len(text)/2])); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("half of it: %v", err)
	}
	if _, err := ReadRecord(strings.NewReader(`{"schema":"exreach-report/1"}`)); err == nil || !strings.Contains(err.Error(), "same version of exreach") {
		t.Errorf("another file: %v", err)
	}
}

// TestUnknownDrops: a record that does not say how many packets were dropped does not know.
func TestUnknownDrops(t *testing.T) {
	r, err := ReadRecord(strings.NewReader(`{"schema":"exreach-listen/1","new":[{"a":[1]}],"started":"2026-11-29T12:00:00Z","now":"2026-11-29T12:00:00Z","ports":null}`))
	if err != nil || r.Dropped != -1 {
		t.Errorf("%d dropped, %v", r.Dropped, err)
	}
}

// TestHostileLists: a list that is too long, or of nothing, is refused before it is in memory.
func TestHostileLists(t *testing.T) {
	const size = 14 << 20
	opening := `{"network":"tcp","port":25,"state":"open"},`
	for name, text := range map[string]string{
		"ports of nothing":    `{"ports":[` + strings.Repeat("{},", size/3) + `{}]}`,
		"arrivals of nothing": `{"arrivals":[` + strings.Repeat("{},", size/3) + `{}]}`,
		"roles of nothing":    `{"roles":[` + strings.Repeat(`"",`, size/3) + `""]}`,
		"what is not known":   `{"x":[` + strings.Repeat("{},", size/3) + `{}]}`,
		"many ports":          `{"schema":"exreach-listen/1","ports":[` + strings.Repeat(opening, size/len(opening)) + `{}]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadRecord(strings.NewReader(text))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 16<<20 {
			t.Errorf("%s: %d bytes, %v", name, took, err)
		}
	}
}

// TestHostileTexts: what a record says is printable, short, and has no zones.
func TestHostileTexts(t *testing.T) {
	r := sound()
	r.Openings[0].Holder, r.Wall = "\x1b[2Jnone\u202e", strings.Repeat("x", 5000)
	r.Arrivals[0].From = netip.MustParseAddrPort("[fe80::1%eth\u202e0]:25")
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(bytes.NewReader(text))
	if err != nil || got.Openings[0].Holder != `\x1b[2Jnone\u202e` || len(got.Wall) > mostText || got.Arrivals[0].From.Addr().Zone() != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCheck: what cannot be is refused.
func TestCheck(t *testing.T) {
	if err := sound().Check(); err != nil {
		t.Fatal(err)
	}
	for name, forge := range map[string]func(*Record){
		"no schema":         func(r *Record) { r.Schema = "" },
		"other schema":      func(r *Record) { r.Schema = "exreach-listen/2" },
		"no time":           func(r *Record) { r.Now = time.Time{} },
		"ends before":       func(r *Record) { r.Now = r.Started.Add(-1) },
		"dropped":           func(r *Record) { r.Dropped = -2 },
		"more":              func(r *Record) { r.More = -1 },
		"network":           func(r *Record) { r.Openings[0].Network = "sctp" },
		"port":              func(r *Record) { r.Openings[0].Port = 0 },
		"state":             func(r *Record) { r.Openings[0].State = "ajar" },
		"source":            func(r *Record) { r.Arrivals[0].From = netip.AddrPort{} },
		"arrival's port":    func(r *Record) { r.Arrivals[0].Port = 0 },
		"arrival's network": func(r *Record) { r.Arrivals[0].Network = "" },
		"took":              func(r *Record) { r.Arrivals[0].Took = math.Inf(1) },
		"took nothing":      func(r *Record) { r.Arrivals[0].Took = math.NaN() },
		"times":             func(r *Record) { r.Arrivals[0].Times = -1 },
		"bytes":             func(r *Record) { r.Arrivals[0].Sent.Bytes = -1 },
		"many bytes":        func(r *Record) { r.Arrivals[0].Sent.Bytes = math.MaxInt64 },
		"head":              func(r *Record) { r.Arrivals[0].Sent = tape.Flow{Bytes: 1, Head: []byte("ab")} },
		"hash":              func(r *Record) { r.Arrivals[0].Sent.SHA256 = "zz" },
		"certificate":       func(r *Record) { r.Arrivals[0].Certificate = "00" },
		"arrivals":          func(r *Record) { r.Arrivals = make([]Arrival, mostArrivals+1) },
	} {
		r := sound()
		if forge(&r); r.Check() == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// FuzzCompare: no record makes a comparison panic, and what it quotes is short and
// printable.
func FuzzCompare(f *testing.F) {
	for _, change := range []func(*Record){
		func(*Record) {},
		func(r *Record) { r.Arrivals[0].Network, r.Arrivals[0].Times = catalog.UDP, 3 },
		func(r *Record) { r.Arrivals[0].HalfOpen = true },
		func(r *Record) { r.Openings[0].State = Held },
		func(r *Record) { r.Arrivals[0].Sent = said(offers) },
	} {
		r := sound()
		change(&r)
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, ehlo, banner, int64(0), int64(time.Second), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, sent, received string, ahead, loose int64, connected bool) {
		r, err := ReadRecord(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, network := range []catalog.Network{catalog.TCP, catalog.UDP} {
			for _, local := range []netip.AddrPort{ours, {}} {
				near := Near{Network: network, Port: 25, Connected: connected, Answered: connected && len(received) > 0, Wire: Wire{[]Call{called(local, sent, received), missed(local)}}}
				m := Meeting{Seen: []netip.Addr{ours.Addr()}, Ahead: time.Duration(ahead), Loose: time.Duration(loose)}
				s := Compare([]Near{near}, r, m)[0]
				if len(s.Was) > 100 || len(s.Is) > 100 || len(s.Holder) > mostText || len(s.Came) > mostCame || strings.ContainsAny(s.Was+s.Is+s.Holder+s.Note, "\x1b\n\u202e") {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}
