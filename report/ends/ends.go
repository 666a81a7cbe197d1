// SPDX-License-Identifier: Apache-2.0

// Package ends is what a report has of both ends of a link: what the far end, a stand-in of
// exreach, saw of a check, the contact with it, and whether one may deploy there. Package
// content puts it beside its entries; package saved reads it back.
package ends

import (
	"math"
	"net/netip"
	"time"

	"exreach/probe/far"
	"exreach/probe/tape"
)

// A Far is what the far end saw of a check, as it stands in JSON.
type Far struct {
	Why     far.Reason `json:"why,omitempty"`     // more about the direction; absent if there is no more to say
	HeldBy  string     `json:"held_by,omitempty"` // the program that has the port there, if it is not the stand-in
	Came    []Came     `json:"came"`              // what arrived there, the first few
	Way     Way        `json:"way,omitempty"`     // of a change; absent if nothing was changed
	At      int        `json:"at,omitempty"`      // of a change: the first byte that differs, from 0
	Was     string     `json:"was,omitempty"`     // of a change: what was sent
	Is      string     `json:"is,omitempty"`      // of a change: what came instead
	Dropped *int       `json:"dropped,omitempty"` // packets that reached the far host and that no program saw; absent if that is not known
	Note    string     `json:"note,omitempty"`    // what else there is to say
}

// A Way is one of the two ways between the ends.
type Way string

// The ways.
const (
	There Way = "there" // from the near end, which checks, to the far end
	Back  Way = "back"  // from the far end to the near end
)

// Ways is both ways.
func Ways() []Way { return []Way{There, Back} }

// A Came is a connection, or the datagrams of one socket, as it arrived at the far end.
type Came struct {
	From     string `json:"from"`                // the source, after any NAT: "192.0.2.7:50123"
	HalfOpen bool   `json:"half_open,omitempty"` // its SYN arrived, and nothing after that
	Received Flow   `json:"received"`
	Sent     Flow   `json:"sent"`
}

// A Flow is what passed in one direction. A report has no bytes of it.
type Flow struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"` // of all of them; absent if there are none
}

// mostCame is how many arrivals a report has for a check.
const mostCame = 4

// FarOf returns what a report says of a sight; nil if the far end told nothing.
func FarOf(s *far.Sight) *Far {
	if s == nil {
		return nil
	}
	f := &Far{Why: s.Why, HeldBy: s.Holder, Came: []Came{}, Note: s.Note, Dropped: known(s.Dropped)}
	if s.Direction == far.Changed {
		f.At, f.Was, f.Is, f.Way = s.At, s.Was, s.Is, Back
		if s.Going {
			f.Way = There
		}
	}
	for _, c := range s.Came[:min(len(s.Came), mostCame)] {
		f.Came = append(f.Came, Came{From: endText(c.From), HalfOpen: c.HalfOpen, Received: flowOf(c.Received), Sent: flowOf(c.Sent)})
	}
	return f
}

func flowOf(f tape.Flow) Flow { return Flow{Bytes: f.Bytes, SHA256: f.SHA256} }

// known returns a count, nil if it is not known.
func known(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// endText is an end of a connection as text; "" if it is not known.
func endText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// A Contact is what this machine and one listener told each other, as it stands in JSON.
type Contact struct {
	Address  string             `json:"address"`               // of the far end, as it was asked
	Listener string             `json:"listener,omitempty"`    // the name of the listener's run, which it shows at its start
	Tool     string             `json:"tool,omitempty"`        // the far end's exreach
	Machine  string             `json:"machine,omitempty"`     // the name that the far end's machine has for itself
	Over     uint16             `json:"over,omitempty"`        // the TCP port over which the contact stands; absent if there is none
	Failed   far.ContactFailure `json:"failed,omitempty"`      // why there is no contact; absent if it stands
	Note     string             `json:"note,omitempty"`        // what else there is to say about the failure
	Back     string             `json:"no_way_back,omitempty"` // why the way back was not checked; absent if it was, or was not to be
	Seen     string             `json:"seen,omitempty"`        // this end, as the far end sees it
	Local    string             `json:"local,omitempty"`       // this end, as this machine sees it
	Ahead    float64            `json:"ahead_s,omitempty"`     // by how much the far end's clock is ahead
	Opened   []string           `json:"opened"`                // the ports that the far end has open: "443/tcp"
	Held     []Opening          `json:"held"`                  // the ports that it could not open
	Refused  []Refusal          `json:"refused"`               // the ports at which the contact was refused
	Recorded int                `json:"recorded"`              // arrivals from this machine that the far end recorded
	Agree    int                `json:"agree"`                 // those that agree with this end to the byte
	Dropped  *int               `json:"dropped,omitempty"`     // packets that reached the far host and that no program saw; absent if that is not known
	Firewall string             `json:"firewall,omitempty"`    // what is known of the far host's own firewall
}

// An Opening is a port that the far end could not open.
type Opening struct {
	Port   string    `json:"port"` // "443/tcp"
	State  far.State `json:"state"`
	Holder string    `json:"holder,omitempty"` // the program that has the port; absent if it is not known
	Error  string    `json:"error,omitempty"`  // the far system's words
}

// A Refusal is a port at which the contact was refused.
type Refusal struct {
	Port uint16 `json:"port"`
	Why  string `json:"why"` // a clause
}

// ContactsOf returns what a report says of the contacts of a host.
func ContactsOf(all []far.Contact) []Contact {
	var list []Contact
	for _, c := range all {
		to := Contact{
			Address: c.Address.String(), Listener: c.Listener, Tool: c.Tool, Machine: c.Host, Over: c.Over, Failed: c.Failed, Note: c.Note, Back: c.Back,
			Seen: endText(c.Seen), Local: endText(c.Local), Ahead: inSeconds(c.Ahead), Opened: append([]string{}, c.Opened...),
			Held: []Opening{}, Refused: []Refusal{}, Recorded: c.Recorded, Agree: c.Agree, Dropped: known(c.Dropped), Firewall: c.Wall,
		}
		for _, o := range c.Held {
			to.Held = append(to.Held, Opening{Port: portText(o), State: o.State, Holder: o.Holder, Error: o.Error})
		}
		for _, r := range c.Refused {
			to.Refused = append(to.Refused, Refusal(r))
		}
		list = append(list, to)
	}
	return list
}

// inSeconds rounds to milliseconds: clocks are not compared more exactly.
func inSeconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e3) / 1e3 }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
