// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
)

// A planner makes the checks of a run, one host at a time. To keep those of ten thousand
// hosts would waste memory.
type planner struct {
	// Inputs, and what rehearse found. Nothing changes these afterwards.
	taker
	filter    filter
	tell      func(Event)
	roleGiven bool
	unsettled int // hosts that must be asked what they are, of those known before the run; of a pipe, 1
	total     int // rows of the whole run; 0 if that is not known before it

	// Only the goroutine that begins hosts uses these, until the run is over.
	tellRole, tellFrom bool               // a default was taken, and not told yet
	told               map[[2]string]bool // versions, and what was told about them
	lacking            catalog.Check      // of one of the targets that bare counts
	bare               int                // targets for which --only and --skip leave no check
	bad                int                // targets that, in the version they turned out to be, have no plan
	err                error              // why the first of those has none
	untestable         []content.Untestable

	begun atomic.Int64 // targets whose checks are being asked
	asked atomic.Int64 // rows of those
	stood sync.Map     // a catalog.Host with its site and labels, by the place of a target that is being asked
}

func newPlanner(cat *catalog.Catalog, r *Targets, tell func(Event)) *planner {
	o := r.options
	p := &planner{
		taker:     taker{cat: cat, from: cmp.Or(o.From, r.from, catalog.DefaultFrom)},
		filter:    filter{only: o.Only, skip: o.Skip},
		tell:      tell,
		roleGiven: r.topology || !noRole(r.like),
		tellFrom:  o.From == "" && !r.topology,
		told:      map[[2]string]bool{},
	}
	p.tellRole = !p.roleGiven && !p.isUnsettled(r.like) // of an unsettled one, the identifier tells what it is taken for
	return p
}

// rehearse plans every host that is known before anything is asked, so mistakes
// show first. A host without a version is planned in one that it may have.
func (p *planner) rehearse(r *Targets) error {
	planned := map[kind]int{} // rows of a host of that kind
	var all sample
	for t := range r.upfront() {
		if p.anyUnsettled(t) {
			p.unsettled++
		}
		k, plain := kindOf(t)
		n, done := planned[k]
		if !done || !plain {
			plan, err := p.plan(t)
			if err != nil {
				return err
			}
			all.add(plan)
			n = catalog.CountRows(p.narrow(t, plan))
		}
		if plain {
			planned[k] = n
		}
		p.total += n
	}
	if word, found := p.filter.unknown(all.checks, p.possible); found {
		return p.unknownService(all.checks, word)
	}
	if p.total == 0 && !slices.ContainsFunc(p.possible(), p.filter.leaves) {
		p.lacking = all.checks[0]
		return p.nothingLeft()
	}
	if p.unsettled > 0 || r.pipe != nil {
		p.total = 0
	}
	return nil
}

// A kind is what hosts with the same plan have in common.
type kind struct {
	version, role string
	ports         string // that the user named
	further       string // roles, each with its version and ports
}

// kindOf returns the kind of a target. It is not plain if its plan is its own.
func kindOf(t target) (k kind, plain bool) {
	first := t.roles[0]
	k = kind{version: first.Version, role: first.Role, ports: fmt.Sprint(first.Ports)}
	var further strings.Builder
	for _, h := range t.roles[1:] {
		fmt.Fprint(&further, h.Version, " ", h.Role, h.Ports, ";")
	}
	k.further = further.String()
	return k, !slices.ContainsFunc(t.roles, func(h catalog.Host) bool { return h.RPCPorts != nil })
}

// possible returns the services that p.from may turn out to be asked for; nil if all hosts
// are settled.
func (p *planner) possible() []catalog.Service {
	if p.unsettled == 0 {
		return nil
	}
	versions, err := p.cat.Versions()
	if err != nil {
		return nil
	}
	var services []catalog.Service
	for _, v := range versions {
		for _, s := range v.Services {
			if s.Unasked == "" && s.Wants[p.from] != "" {
				services = append(services, s)
			}
		}
	}
	return services
}

// plans yields what to ask of each target; those of the first sequence come first. A host
// that comes when the run has ended still has all its rows.
func (p *planner) plans(sequences ...iter.Seq[target]) iter.Seq[probe.HostPlan] {
	return func(yield func(probe.HostPlan) bool) {
		defer p.tellBare()
		for _, targets := range sequences {
			for t := range targets {
				plan := p.begin(t)
				if len(plan) > 0 && !yield(probe.HostPlan{Host: t.name(), Place: t.place, Checks: plan}) {
					return
				}
			}
		}
	}
}

// begin plans a target that is asked next and tells what is special about it. The plan
// is empty if there is nothing to ask.
func (p *planner) begin(t target) []catalog.Check {
	p.begun.Add(1)
	plan, err := p.plan(t)
	if err != nil {
		p.bad++
		p.err = cmp.Or(p.err, err)
		return nil
	}
	p.tellAbout(t, plan)
	first := plan[0]
	if plan = p.narrow(t, plan); len(plan) == 0 {
		p.lacking = first
		p.bare++
	}
	if h := t.roles[0]; len(plan) > 0 && (h.Site != "" || h.Labels != nil) {
		p.stood.Store(t.place, h)
	}
	p.asked.Add(int64(catalog.CountRows(plan)))
	return plan
}

// tellAbout tells what is special about the plan of a target. There is nothing special about
// ports that the user named.
func (p *planner) tellAbout(t target, plan []catalog.Check) {
	if t.isPorts() {
		return
	}
	p.tellDefaults(t, plan[0])
	if p.roleGiven || t.roleGiven {
		p.tellThin(plan)
	} else {
		p.tellUntold(plan)
	}
	p.noteUntestable(plan)
}

// describe gives a host that was judged its site and its labels, and forgets them.
func (p *planner) describe(h *judge.Host) {
	if of, described := p.stood.LoadAndDelete(h.Place); described {
		h.Site, h.Labels = of.(catalog.Host).Site, of.(catalog.Host).Labels
	}
}

// plan is every check of one host.
func (p *planner) plan(t target) ([]catalog.Check, error) {
	return p.cat.Plan(catalog.Topology{Hosts: p.settle(t).roles}, p.from)
}

// tellBare tells how many hosts have no row.
func (p *planner) tellBare() {
	if p.bare > 0 && p.asked.Load() > 0 {
		p.tell(LeftOut{p.bare})
	}
}

// tellDefaults tells once which defaults were taken.
func (p *planner) tellDefaults(t target, first catalog.Check) {
	var d Defaults
	if p.tellRole && noRole(t.roles[0]) {
		d.Role, p.tellRole = first.Service.Role, false
	}
	if p.tellFrom {
		d.From, p.tellFrom = first.From, false
	}
	if d != (Defaults{}) {
		p.tell(d)
	}
}

// isNew reports whether something about a version was not told yet, and marks it as told.
func (p *planner) isNew(version, about string) bool {
	mark := [2]string{version, about}
	isNew := !p.told[mark]
	p.told[mark] = true
	return isNew
}

// tellThin tells if a role that was given has only one service for p.from and another has more.
func (p *planner) tellThin(plan []catalog.Check) {
	c := plan[0]
	if len(plan) > 1 || !p.isNew(c.Version, "thin "+c.Service.Role) {
		return
	}
	if role, n := p.busiest(c); n > 1 {
		p.tell(Thin{Version: c.Version, Role: c.Service.Role, From: c.From, Service: c.Service.Name, Busiest: role, Services: n})
	}
}

// tellUntold tells once that the hosts of a version whose roles were not given may be
// Mailbox servers as well.
func (p *planner) tellUntold(plan []catalog.Check) {
	c := plan[0]
	v, err := p.cat.Version(c.Version)
	if err != nil || !p.isNew(c.Version, "untold") {
		return
	}
	if service := v.Untold(plan, c.From); service != "" {
		p.tell(Untold{c.Version, catalog.DefaultRole, service})
	}
}

// busiest is the role, in the version of c, with the most services for the same from,
// and how many that is.
func (p *planner) busiest(c catalog.Check) (role string, most int) {
	v, err := p.cat.Version(c.Version)
	if err != nil {
		return "", 0
	}
	services := map[string]int{}
	for _, s := range v.Services {
		if s.Unasked == "" && s.RPC == nil && (s.Wants[c.From] == catalog.Required || s.Wants[c.From] == catalog.Optional) {
			services[s.Role]++
		}
	}
	for _, r := range v.Roles {
		if n := services[r.Name]; n > most {
			role, most = r.Name, n
		}
	}
	return role, most
}

// noteUntestable notes the services of each role that p.from wants but cannot test.
func (p *planner) noteUntestable(plan []catalog.Check) {
	for _, c := range plan {
		if !p.isNew(c.Version, "untestable "+c.Service.Role) {
			continue
		}
		v, err := p.cat.Version(c.Version)
		if err != nil {
			continue
		}
		for _, s := range v.Services {
			if s.Role == c.Service.Role && s.Unasked != "" && s.Wants[c.From] != "" {
				p.untestable = append(p.untestable, content.Untestable{
					Version: c.Version, Role: s.Role, Service: s.Name, Network: s.Network, Ports: s.Ports.String(), Reason: s.Unasked,
				})
			}
		}
	}
}
