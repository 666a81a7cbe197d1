// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"encoding/json"
	"io"
	"net/netip"

	"exreach/catalog"
	"exreach/probe/far"
)

// wholeJSON is the format json: the whole record at the end, which exreach report --join
// reads.
type wholeJSON struct{ to io.Writer }

func (wholeJSON) begin(far.Record) error { return nil }
func (wholeJSON) show(view) error        { return nil }

func (j wholeJSON) end(r far.Record, _ view) error { return indented(j.to, r) }

func indented(to io.Writer, value any) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// linesJSON is the format jsonl: an object on each line, with one key that says what it is.
type linesJSON struct{ to io.Writer }

// line writes an object with one key.
func (j *linesJSON) line(key string, value any) error {
	return json.NewEncoder(j.to).Encode(map[string]any{key: value})
}

func (j *linesJSON) begin(r far.Record) error {
	return j.line("listener", struct {
		far.Record
		Arrivals []far.Arrival `json:"arrivals,omitempty"` // hides that of the Record: they follow
	}{Record: r})
}

func (j *linesJSON) show(v view) error {
	for key, all := range map[string][]netip.AddrPort{"contact": v.news.contacts, "wrong_code": v.news.wrong} {
		for _, from := range all {
			if err := j.line(key, struct {
				From netip.AddrPort `json:"from"`
			}{from}); err != nil {
				return err
			}
		}
	}
	for _, a := range v.news.ended {
		if err := j.line("arrival", a); err != nil {
			return err
		}
	}
	if v.news.unlisted > 0 {
		return j.line("more_arrivals", v.news.unlisted)
	}
	return nil
}

// A portJSON is what came to a port, as lines of JSON say it at the end.
type portJSON struct {
	Port    uint16          `json:"port"`
	Network catalog.Network `json:"network"`
	Service string          `json:"service"`
	State   far.State       `json:"state"`
	Came    int             `json:"came"`
	Half    int             `json:"half_open"`
	Turned  int             `json:"turned"`
	Sources []string        `json:"sources,omitempty"` // the first few
}

func (j *linesJSON) end(r far.Record, v view) error {
	ports := []portJSON{}
	for _, p := range v.ports {
		sources, _ := p.Sources()
		ports = append(ports, portJSON{p.Port, p.Network, p.Service, p.State, p.Times, p.HalfOpen, p.Turned, sources})
	}
	silent, open := silent(v.ports)
	return j.line("end", struct {
		Now        any        `json:"now"`
		Open       int        `json:"open"`
		Silent     []string   `json:"silent"` // open ports at which nothing came
		Contacts   int        `json:"contacts"`
		WrongCodes int        `json:"wrong_codes"`
		Ports      []portJSON `json:"ports"`
	}{r.Now, open, append([]string{}, silent...), v.visits.contacts, v.visits.wrong, ports})
}
