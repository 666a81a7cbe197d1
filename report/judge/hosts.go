// SPDX-License-Identifier: Apache-2.0

// Package judge holds the opinion on what a run found: it grades every result
// against what was wanted, adds the findings, and says where a trace stops. It
// sends nothing and writes nothing. It must not import package report, which
// formats its opinions, or anything that reads or writes files.
package judge

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/judge/identity"
)

// A Host is what a run found of one host, judged. Hosts makes them, and package report
// writes them.
type Host struct {
	Place      int                  // among the hosts of the run: the lowest comes first
	Rows       []Row                // in the order of a report
	Identified *identity.Identified // what it was found to be; nil if it was not asked
	Site       string               // where it stands; "" if not known
	Labels     map[string]string    // what people call it
	Contacts   []far.Contact        // with stand-ins at its addresses; empty if there is none
}

// A Row is one result with the opinion on it.
type Row struct {
	*probe.Result
	Grade    Grade // of reachability
	Care     Grade // what the findings weigh on everything else: Pass, Warn or Fail
	Findings []Finding
	Silence  probe.Delivery // for the verdict silent: whether what was sent arrived; "" if that is not known
}

// A Finding is a named, explained observation beside the verdict.
type Finding struct {
	Code string `json:"code"` // stable: "certificate-expired"
	Text string `json:"text"` // what was observed and what it most likely means
	Hint string `json:"hint"` // what to do

	Weight   Grade `json:"weight"`              // how bad it makes what it weighs on; Pass is a note that changes nothing
	WeighsOn Scale `json:"weighs_on,omitempty"` // absent for a note
}

// A Scale is one of the two things that a finding can weigh on.
type Scale string

// The scales.
const (
	OnGrade Scale = "grade" // whether the service can be used from here
	OnCare  Scale = "care"  // what else is wrong: a certificate, a version, a setting
)

// Scales is every scale.
func Scales() []Scale { return []Scale{OnGrade, OnCare} }

// patience is how long the judging of one host may go on after the user has interrupted
// the run.
const patience = 200 * time.Millisecond

// Hosts judges the hosts of a run that began at started. Once ctx has ended, a host
// that takes long is passed on without being judged. What was found out about a host
// beforehand is judged at its first row: identified returns it by the host's name, and
// is nil if hosts were not identified.
func Hosts(ctx context.Context, hosts iter.Seq[probe.HostResults], started time.Time, identified func(host string) *identity.Identified) iter.Seq[Host] {
	return func(yield func(Host) bool) {
		for found := range hosts {
			h := judgeHost(found, started, outOfPatience(ctx))
			if len(h.Rows) > 0 && identified != nil && h.Rows[0].Check.Version != "" { // else its ports alone are checked
				h.identify(identified(h.Rows[0].Check.Host))
			}
			if len(h.Rows) > 0 && !yield(h) {
				return
			}
		}
	}
}

// outOfPatience returns a function that reports whether ctx has ended and patience is over.
// Patience begins with its first call after ctx has ended.
func outOfPatience(ctx context.Context) func() bool {
	var until time.Time
	return func() bool {
		switch {
		case ctx.Err() == nil:
			return false
		case until.IsZero():
			until = time.Now().Add(patience)
		}
		return time.Now().After(until)
	}
}

// judgeHost judges all results of one host. Once hurried returns true, the rest are passed
// on without being judged.
func judgeHost(found probe.HostResults, started time.Time, hurried func() bool) Host {
	h := Host{Place: found.Place, Rows: make([]Row, 0, len(found.Results)), Contacts: found.Contacts}
	host := newNeighbourhood(found.Results)
	for i, r := range found.Results {
		if untold(r) {
			continue
		}
		row := judge(seen{Result: r, started: started, host: host, hurried: hurried()})
		row.Result = &found.Results[i]
		h.Rows = append(h.Rows, row)
	}
	Arrange(h.Rows, func(_ int, r *Row) Key { return keyOf(r.Result) })
	return h
}

// judge grades one result and finds its findings. The caller sets Row.Result.
func judge(s seen) Row {
	s.answer = identity.AnswerTo(s.Result)
	s.signs = sync.OnceValue(s.answer.Signs)
	if s.want = s.Check.Want; s.excused() {
		s.want = catalog.Off
	}
	if s.grade = gradeOf(s.want, s.Verdict); s.hurried || s.undecided() || s.unseen() {
		s.grade = Unknown
	}
	findings, grade, care := find(s)
	return Row{Grade: grade, Care: care, Findings: findings, Silence: s.delivery()}
}

// untold reports whether a result is left out of a report: that of the control port,
// if nothing answered there.
func untold(r probe.Result) bool {
	return r.Check.IsControl() && r.Verdict != probe.Answered
}

// InOrder sorts the results of a host in the order of a report.
func InOrder(results []probe.Result) {
	Arrange(results, func(_ int, r *probe.Result) Key { return keyOf(r) })
}

func keyOf(r *probe.Result) Key {
	c := &r.Check
	return Key{
		Host: c.Host, Version: c.Version, Role: c.Service.Role, Service: c.Service.Name, Parent: r.Parent,
		Order: r.Order, Address: r.Address, Port: r.Port,
	}
}

// A hostRule is one kind of finding about a host as a whole, from what it was identified
// as. It is reported at the first row of the host.
type hostRule struct {
	code   string
	weight Grade // on the care
	when   func(identity.Identified) bool
	say    func(identity.Identified) (text, hint string)
	label  string // as that of a careRule
}

var hostRules = []hostRule{
	{"versions-contradict", note, func(id identity.Identified) bool { return id.Contradictory }, sayVersionsContradict, "Version: the answers do not agree"},
	{"no-role-fits", Warn, func(id identity.Identified) bool { return id.Unfit }, sayNoRoleFits, "Role: none fits the answers"},
}

// identify judges what is known of the host as a whole at its first row.
func (h *Host) identify(id *identity.Identified) {
	if id == nil {
		return
	}
	h.Identified = id
	first := &h.Rows[0]
	for _, r := range hostRules {
		if r.when(*id) {
			text, hint := r.say(*id)
			first.Findings = append(first.Findings, newFinding(r.code, text, hint, r.weight, OnCare))
			first.Care = worse(first.Care, r.weight)
		}
	}
}

func sayVersionsContradict(id identity.Identified) (text, hint string) {
	const most = 6 // more would make the sentence unreadable
	var said []string
	signs := id.Conflict()
	for _, s := range signs[:min(len(signs), most)] {
		said = append(said, fmt.Sprintf("%s on port %d means %s", s.Said, s.Port, catalog.Either(s.Versions)))
	}
	if more := len(signs) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("The answers of this host do not fit one version: %s. Either a gateway of another version stands in front of the server, or several servers share the name.", strings.Join(said, "; ")),
		"Check each server by its own name, and give its version with --version."
}

func sayNoRoleFits(id identity.Identified) (text, hint string) {
	what := "What answers here"
	if ports := answering(id); ports != nil {
		what += " (" + strings.Join(ports, ", ") + ")"
	}
	return what + " belongs to no role that such a host usually has. It was checked in its usual role all the same.",
		"If the ports were changed, add them to a catalogue of your own (--catalog). If the host has another role, name it with --role."
}

// answering is the ports whose answers had a sign, each with its product.
func answering(id identity.Identified) []string {
	var ports []string
	told := map[uint16]bool{}
	for _, s := range id.Signs {
		if !told[s.Port] {
			told[s.Port] = true
			ports = append(ports, strings.TrimSpace(fmt.Sprintf("%d %s", s.Port, s.Product)))
		}
	}
	return ports
}

// A Key is what decides the place of a row in a report: see Arrange.
type Key struct {
	Host, Version, Role, Service string
	Parent                       string // the service that led to it; "" if none did
	Order                        int    // in the plan, or in the file that was read
	Address                      netip.Addr
	Port                         uint16
}

// A position is where a row stands and where it belongs.
type position struct {
	Key
	was   int // where it stands now
	host  int // the first order of its host
	line  int // its order; for a child, its parent's
	depth int // 1 for a child
}

// A parent is what a child's key says of the row that led to it.
type parent struct {
	host, version, role, service string
	address                      netip.Addr
}

// Arrange sorts rows by host, address and order, children behind their parent. Children
// have their parent's line, so their own order, name and port sort them. keyOf returns the
// key of a row, given its index and the row. Package report sorts its entries with it, too.
func Arrange[T any](rows []T, keyOf func(int, *T) Key) {
	hosts, lines := map[string]int{}, map[parent]int{}
	for i := range rows {
		k := keyOf(i, &rows[i])
		if first, known := hosts[k.Host]; !known || k.Order < first {
			hosts[k.Host] = k.Order
		}
		if k.Parent == "" {
			lines[parent{k.Host, k.Version, k.Role, k.Service, k.Address}] = k.Order
		}
	}
	positions := make([]position, len(rows))
	for i := range rows {
		k := keyOf(i, &rows[i])
		positions[i] = position{Key: k, was: i, host: hosts[k.Host], line: k.Order}
		if line, known := lines[parent{k.Host, k.Version, k.Role, k.Parent, k.Address}]; known && k.Parent != "" {
			positions[i].line, positions[i].depth = line, 1
		}
	}
	slices.SortStableFunc(positions, position.compare)
	to := make([]int32, len(positions))
	for i, p := range positions {
		to[p.was] = int32(i)
	}
	reorder(rows, to)
}

// reorder moves each row i to the place to[i]. It swaps them where they are, because there
// may be too many to copy. It changes to.
func reorder[T any](rows []T, to []int32) {
	for i := range to {
		for to[i] != int32(i) {
			j := to[i]
			rows[i], rows[j] = rows[j], rows[i]
			to[i], to[j] = to[j], j
		}
	}
}

func (p position) compare(q position) int {
	return cmp.Or(
		cmp.Compare(p.host, q.host),
		cmp.Compare(p.Host, q.Host),
		p.Address.Compare(q.Address),
		cmp.Compare(p.line, q.line),
		cmp.Compare(p.depth, q.depth),
		cmp.Compare(p.Order, q.Order),
		cmp.Compare(p.Service, q.Service),
		cmp.Compare(p.Port, q.Port),
	)
}
