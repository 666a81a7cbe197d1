// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/report/ends"
	"exreach/report/judge"
	"exreach/report/judge/identity"
)

// An Entry is one result with its grade and findings, as it stands in JSON.
type Entry struct {
	Run      int             `json:"run,omitempty"` // in a joined report, the number of its run, from 1 on
	Host     string          `json:"host"`
	Version  string          `json:"version"`
	Role     string          `json:"role"`
	Service  string          `json:"service"`
	Network  catalog.Network `json:"network"`
	Port     uint16          `json:"port,omitempty"` // absent for an RPC interface that has none
	Protocol string          `json:"protocol"`
	TLS      catalog.TLS     `json:"tls"`
	Want     catalog.Want    `json:"want"`
	OneOf    string          `json:"one_of,omitempty"`  // the group of which one service is enough
	Path     string          `json:"path,omitempty"`    // the path asked for over HTTP; absent for other protocols
	Name     *Name           `json:"name,omitempty"`    // absent where there is nothing to say but the address
	Address  string          `json:"address,omitempty"` // absent where the name has none
	Source   string          `json:"source,omitempty"`  // the address of this machine that asked; absent where it is not known
	Verdict  probe.Verdict   `json:"verdict"`
	Obstacle probe.Obstacle  `json:"obstacle,omitempty"` // what kept this machine from asking; absent unless the verdict is untried
	Grade    judge.Grade     `json:"grade"`              // whether the service can be used from here, as wanted
	Care     judge.Grade     `json:"care"`               // what is wrong beside that: pass, warn or fail
	Step     protocol.Step   `json:"step"`
	Tries    int             `json:"tries"`
	Took     float64         `json:"took_s"`
	RTT      float64         `json:"rtt_s,omitempty"` // absent where it is not known
	Steps    []Step          `json:"steps"`
	Detail   string          `json:"detail"`
	Evidence string          `json:"evidence,omitempty"`
	Findings []judge.Finding `json:"findings,omitempty"`
	SaidBy   string          `json:"said_by,omitempty"`
	Peer     *protocol.Peer  `json:"peer,omitempty"`
	Witness  *Witness        `json:"witness,omitempty"`
	Crowded  *Crowded        `json:"crowded,omitempty"` // absent where other connections made no difference
	Silence  probe.Delivery  `json:"silence,omitempty"` // of the verdict silent; absent where it is not known
	Parent   string          `json:"parent,omitempty"`

	Direction far.Direction  `json:"direction,omitempty"` // where it is blocked or changed; absent if both ends agree, or no far end told
	Far       *ends.Far      `json:"far,omitempty"`       // what the far end saw of it; absent if none told
	Calls     []ends.Call    `json:"calls,omitempty"`     // what this end sent and received; absent unless it was taped and no far end told
	Contact   []ends.Contact `json:"contact,omitempty"`   // with the listeners of the host; only in its first result, absent if there is none

	Site            string            `json:"site,omitempty"`             // where the host stands; absent if not known
	Labels          map[string]string `json:"labels,omitempty"`           // what people call the host; absent if it has none
	CertificateDays *int              `json:"certificate_days,omitempty"` // whole days from the start of the run until the server's certificate expires; negative if it has expired, absent if there is none

	Partial    bool                 `json:"partial,omitempty"`    // other results of the host were left out of the report: nothing follows about it as a whole
	Identified *identity.Identified `json:"identified,omitempty"` // what the host was found to be; only in its first result, absent if it was not asked
	Trace      *Trace               `json:"trace,omitempty"`      // absent where no trace was asked for, or nothing timed out
}

// Entries returns the entries of a host that was judged. The host must have rows.
func Entries(h judge.Host) []Entry {
	entries := make([]Entry, 0, len(h.Rows))
	for _, r := range h.Rows {
		e := entryOf(r)
		e.Site, e.Labels = h.Site, h.Labels
		entries = append(entries, e)
	}
	entries[0].Identified, entries[0].Contact = h.Identified, ends.ContactsOf(h.Contacts)
	return entries
}

// entryOf makes the entry of one row.
func entryOf(r judge.Row) Entry {
	c := r.Check
	e := Entry{
		Host:     c.Host,
		Version:  c.Version,
		Role:     c.Service.Role,
		Service:  c.Service.Name,
		Network:  c.Service.Network,
		Port:     r.Port,
		Protocol: c.Service.Protocol,
		TLS:      cmp.Or(c.Service.TLS, catalog.NoTLS),
		Want:     c.Want,
		OneOf:    c.Service.OneOf,
		Path:     c.Service.Page(),
		Name:     NewName(r.Name),
		Address:  text(r.Address),
		Source:   text(r.Source),
		Verdict:  r.Verdict,
		Obstacle: r.Obstacle,
		Grade:    r.Grade,
		Care:     r.Care,
		Step:     r.Step,
		Tries:    r.Tries,
		Took:     InSeconds(r.Took),
		RTT:      InSeconds(r.RTT),
		Steps:    make([]Step, 0, len(r.Steps)),
		Detail:   r.Detail,
		Evidence: r.Evidence,
		Findings: r.Findings,
		SaidBy:   text(r.SaidBy),
		Peer:     r.Peer,
		Silence:  r.Silence,
		Parent:   r.Parent,
	}
	if w := r.Witness; w != nil {
		e.Witness = &Witness{Port: w.Port, Answers: w.Answers}
	}
	if c := r.Crowded; c != nil {
		e.Crowded = &Crowded{Verdict: c.Verdict, Open: c.Open}
	}
	if e.Far = ends.FarOf(r.Far); e.Far == nil {
		e.Calls = ends.CallsOf(r.Wire)
	} else {
		e.Direction = r.Far.Direction
	}
	e.Trace = TraceOf(r.Result)
	for _, t := range r.Steps {
		e.Steps = append(e.Steps, Step{Step: t.Step, Took: InSeconds(t.Took)})
	}
	return e
}

// PortText is the port with its transport, as tables have it: "443/tcp". Of an RPC
// interface without a port it is "rpc".
func (e Entry) PortText() string {
	switch {
	case e.Port == 0 && e.Parent != "":
		return "rpc"
	case e.Port == 0:
		return "-/" + string(e.Network)
	}
	return fmt.Sprintf("%d/%s", e.Port, e.Network)
}

// IsUnfinished reports whether the run ended while the check was under way.
func (e Entry) IsUnfinished() bool {
	return e.Tries > 0 && (e.Obstacle == probe.Interrupted || e.Obstacle == probe.Deadline)
}

// VerdictText is the verdict as people read it: nothing refuses an interface that an
// endpoint mapper does not know.
func (e Entry) VerdictText() string {
	if e.IsUnregistered() {
		return "no entry"
	}
	return string(e.Verdict)
}

// IsUnregistered reports whether an endpoint mapper was asked for the interface, and does
// not know it.
func (e Entry) IsUnregistered() bool {
	return e.Parent != "" && e.Port == 0 && e.Verdict == probe.Refused
}

// Gist returns a text that is equal for two results of a service, at any hosts or addresses,
// if they have the same verdict, grade and care for the same reasons. It finds hosts to show
// as one.
func (e Entry) Gist() string {
	port := e.Port
	if e.Parent != "" {
		port = 0 // an interface has another port everywhere
	}
	text := fmt.Appendf(nil, "%q %q %q %q %q %d %q %q %q %q", e.Version, e.Role, e.Service, e.Parent, e.Network, port, e.Verdict, e.Obstacle, e.Grade, e.Care)
	for _, f := range e.Findings {
		if f.WeighsOn != "" {
			text = fmt.Appendf(text, " %q", f.Code)
		}
	}
	return string(append(text, '\n'))
}

// A Witness is another port of the same address, asked again while this one said
// nothing.
type Witness struct {
	Port    uint16 `json:"port"`
	Answers bool   `json:"answers"` // it still answered
}

// A Crowded is what a port did while other connections to its host were open.
type Crowded struct {
	Verdict probe.Verdict `json:"verdict"`
	Open    int           `json:"open"` // the most connections that this run had open to the host
}

// A Step is how long one step of a check took.
type Step struct {
	Step protocol.Step `json:"step"`
	Took float64       `json:"took_s"`
}

// A Name is what is known of a host's name apart from its addresses.
type Name struct {
	By         string   `json:"by,omitempty"`         // who said it: a name server, a file, "the system"
	Found      string   `json:"found,omitempty"`      // the name that was found, where the search list made it of the one given
	Alias      string   `json:"alias,omitempty"`      // the name that it is an alias of (CNAME)
	Addresses  int      `json:"addresses,omitempty"`  // how many it has; absent where all of them are asked
	Unusable   []string `json:"unusable,omitempty"`   // addresses that no host has
	LeftOut    []string `json:"left_out,omitempty"`   // addresses to which this machine has no way
	Unanswered []string `json:"unanswered,omitempty"` // the types (A, AAAA) that no server answered
}

// NewName returns what is known of a name, nil if that is only its addresses.
func NewName(n *lookup.Name) *Name {
	if n == nil {
		return nil
	}
	out := Name{Found: n.Found, Alias: n.Alias, Unusable: texts(n.Bogus), LeftOut: texts(n.LeftOut), Unanswered: n.Unanswered}
	if judge.HasMore(n) {
		out.Addresses = n.Count
	}
	if out.Found == "" && out.Alias == "" && out.Addresses == 0 && out.Unusable == nil && out.LeftOut == nil && out.Unanswered == nil {
		return nil
	}
	out.By = n.By
	return &out
}

func texts(addrs []netip.Addr) []string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return list
}

// text returns an address as text, "" where there is none.
func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// InSeconds rounds to microseconds: less says nothing about a network.
func InSeconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e6 }

// CountDays says of each entry for how many more days its certificate is valid when the
// run begins, unless the entry says so already.
func CountDays(entries []Entry, began time.Time) {
	for i := range entries {
		e := &entries[i]
		if e.CertificateDays != nil || began.IsZero() || e.Peer == nil || e.Peer.TLS == nil || len(e.Peer.TLS.Chain) == 0 {
			continue
		}
		if end := e.Peer.TLS.Chain[0].NotAfter; !end.IsZero() {
			e.CertificateDays = new(catalog.Days(began, end))
		}
	}
}
