// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/probe/hops"
	"exreach/probe/protocol/wire"
	"exreach/report/content"
	"exreach/report/judge/route"
)

// A path is where packets to a port get, and where they stop.
type path struct {
	ID       *place
	Sentence string
	As       *place // the path with the same sentence
	Lanes    []lane // drawn; none where the path was not walked
}

// A lane is the drawn path of one port, from top to bottom.
type lane struct {
	Title  string
	Alt    string // the same in words
	Height int
	Stops  []station
}

// A station is a place on a lane.
type station struct {
	Kind string // the class: h here, g hops left out, r router, q no answer, x stop, s server, y server not reached
	Y    int
	Text string
}

// Up is where the line from the station above begins.
func (s station) Up() int { return s.Y - laneStep }

// The measures of a lane, in its own units.
const (
	laneStep = 26 // from one station to the next
	laneTop  = 14
	laneText = 56 // bytes of a station's text
)

// path makes the path of an entry. A sentence, and the path that it is about, stand once.
func (h *host) path(e content.Entry) *path {
	t := e.Trace
	if t == nil {
		return nil
	}
	key := "trace\n" + t.Sentence
	if at, known := h.told[key]; known {
		return &path{As: at.place}
	}
	here := h.place(e.PortText())
	h.told[key] = mention{here}
	out := &path{ID: here, Sentence: text(t.Sentence)}
	if len(t.Hops) == 0 {
		return out
	}
	machine := h.head.RunOf(e.Run).MachineText()
	out.Lanes = append(out.Lanes, laneOf(e.PortText(), machine, e, t.Hops, t))
	if b := t.Beside; b != nil {
		out.Lanes = append(out.Lanes, laneOf(fmt.Sprintf("%d/%s", b.Port, b.Network), machine, e, b.Hops, nil))
	}
	return out
}

// laneOf draws the path of a port, of which t is the trace; nil of a port beside it. Where the
// path ends before the server, the server stands below, not reached.
func laneOf(port, machine string, e content.Entry, walked []content.Hop, t *content.Trace) lane {
	l := lane{Title: text(port)}
	from := "here: " + machine
	if e.Source != "" {
		from += ", " + e.Source
	}
	l.add("h", from)
	if t != nil && t.SharedWith != nil && len(walked) > 0 && walked[0].TTL > 1 {
		l.add("g", fmt.Sprintf("the hops before %d: as for %d/%s", walked[0].TTL, t.SharedWith.Port, t.SharedWith.Network))
	}
	last := content.Hop{}
	for _, hop := range walked[:content.Shown(walked)] {
		last = hop
		kind := "r"
		switch hop.Said {
		case hops.SaidNothing:
			kind = "q"
		case hops.SaidAccepted, hops.SaidReset, hops.SaidPort:
			kind = "s"
		case hops.SaidProhibited, hops.SaidUnreachable:
			kind = "x"
		}
		l.add(kind, hopText(hop))
	}
	switch stops := t != nil && t.Outcome == route.Blocked; {
	case stops && last.Said == hops.SaidNothing:
		at := &l.Stops[len(l.Stops)-1]
		at.Kind, at.Text = "x", at.Text+": packets stop here"
	case stops && last.Said == hops.SaidExceeded:
		l.add("x", "packets stop here")
	}
	if kind := l.Stops[len(l.Stops)-1].Kind; kind != "s" {
		l.add("y", cmp.Or(e.Address, e.Host)+", not reached")
	}
	var words []string
	for _, s := range l.Stops {
		words = append(words, s.Text)
	}
	l.Alt = "Path to " + l.Title + ": " + strings.Join(words, "; ") + "."
	l.Height = l.Stops[len(l.Stops)-1].Y + laneTop
	return l
}

func (l *lane) add(kind, said string) {
	l.Stops = append(l.Stops, station{kind, laneTop + len(l.Stops)*laneStep, wire.Printable(said, laneText)})
}

// hopText says who answered from a distance, after what time, and with what, unless that was
// the usual "time exceeded".
func hopText(h content.Hop) string {
	if h.Said == hops.SaidNothing {
		return fmt.Sprintf("%d: no answer", h.TTL)
	}
	const room = 40 // for addresses: one always fits
	who := cmp.Or(strings.Join(h.From, " or "), "a device")
	if n := len(h.From); n > 1 && len(who) > room {
		who = fmt.Sprintf("%s or %d more", h.From[0], n-1)
	}
	said := fmt.Sprintf("%d: %s", h.TTL, who)
	if took := content.SecondsText(h.Took); took != "" {
		said += ", " + took
	}
	if h.Said != hops.SaidExceeded {
		said += ", " + string(h.Said)
	}
	return said
}
