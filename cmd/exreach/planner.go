// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"io"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
)

// A planner makes the checks of a run, one host at a time: those of ten thousand
// hosts would not be worth their memory.
type planner struct {
	cat    *catalog.Catalog
	from   string // who connects
	filter filter
	notes  io.Writer
	unset  []string           // options that were not given and whose default is worth a note: role, from
	given  bool               // the roles were given
	told   map[[2]string]bool // versions and roles that there was a note about

	auto  bool         // some host has no version
	total int          // checks of the whole run; 0 where that is not known before
	begun atomic.Int64 // targets whose checks are being asked
	asked atomic.Int64 // checks of those
	bare  int          // targets for which --only and --skip leave no check
	bad   int          // targets that have no plan, as which they turned out to be
	err   error        // why the first of those has none; to be read when the run is over
}

func newPlanner(c *cli.Context, cat *catalog.Catalog, r *roster, notes io.Writer) (*planner, error) {
	words, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	p := &planner{
		cat:    cat,
		from:   cmp.Or(fromOf(c), r.from, catalog.DefaultFrom),
		filter: words,
		notes:  notes,
		told:   map[[2]string]bool{},
	}
	p.given = c.IsSet("config") || !noRole(r.like)
	if !p.given && !p.taker().isOpen(r.like) { // of an open one, the identifier says what it was taken for
		p.unset = append(p.unset, "role")
	}
	if !c.IsSet("from") && !c.IsSet("config") {
		p.unset = append(p.unset, "from")
	}
	return p, nil
}

// rehearse plans every host that is known before anybody is asked, so that
// mistakes show first. A host without a version is planned as one that it may
// have.
func (p *planner) rehearse(r *roster) error {
	type kind struct{ version, role string }
	planned := map[kind]int{} // checks of a host of that kind
	var all []catalog.Check
	for t := range r.known() {
		p.auto = p.auto || p.taker().anyOpen(t)
		k := kind{t.roles[0].Version, t.roles[0].Role}
		plain := len(t.roles) == 1 && t.roles[0].RPCPorts == nil
		n, known := planned[k]
		if !known || !plain {
			plan, err := p.plan(t)
			if err != nil {
				return err
			}
			all, n = append(all, plan...), len(p.narrow(plan))
		}
		if plain {
			planned[k] = n
		}
		p.total += n
	}
	if word, found := p.filter.unknown(all, p.possible); found {
		return p.unknownService(all, word)
	}
	if p.total == 0 && !slices.ContainsFunc(p.possible(), p.filter.leaves) {
		return nothingLeft()
	}
	if p.auto || r.pipe != nil {
		p.total = 0
	}
	return nil
}

// plan is every check of one host.
func (p *planner) plan(t target) ([]catalog.Check, error) {
	return p.cat.Plan(catalog.Topology{Hosts: p.taker().settle(t).roles}, p.from)
}

func (p *planner) taker() taker { return taker{cat: p.cat, from: p.from} }

// possible is the services that hosts without a version may turn out to have.
func (p *planner) possible() []catalog.Service {
	if !p.auto {
		return nil
	}
	versions, err := p.cat.Versions()
	if err != nil {
		return nil
	}
	var services []catalog.Service
	for _, v := range versions {
		services = append(services, v.Services...)
	}
	return services
}

func nothingLeft() error {
	return hinted("remove a word from --only or --skip", "nothing is left to check")
}

// narrow leaves what the user wants to see of the plan of one host, and adds its
// control. Who names ports wants no other.
func (p *planner) narrow(plan []catalog.Check) []catalog.Check {
	plan = p.filter.apply(plan)
	if len(p.filter.only) > 0 {
		return plan
	}
	return catalog.WithControls(plan)
}

// stride is how far the numbers of two hosts are apart: more than any has checks.
const stride = 1 << 12

// checks is the checks of the targets, host by host. When ctx ends the host that
// has been begun is the last, so that what is known of it has all its rows.
func (p *planner) checks(ctx context.Context, targets iter.Seq[target]) iter.Seq[catalog.Check] {
	return func(yield func(catalog.Check) bool) {
		defer p.noteBare()
		for t := range targets {
			if ctx.Err() != nil {
				return
			}
			p.begun.Add(1)
			plan, err := p.plan(t)
			if err != nil {
				p.bad++
				p.err = cmp.Or(p.err, err)
				continue
			}
			p.noteDefaults(plan[0])
			p.noteThin(plan)
			p.noteUntold(plan)
			p.noteUnasked(plan)
			plan = catalog.Number(p.narrow(plan), t.at*stride)
			if len(plan) == 0 {
				p.bare++
			}
			p.asked.Add(int64(len(plan)))
			for _, c := range plan {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// noteBare says how many hosts are not in the report, and why.
func (p *planner) noteBare() {
	if p.bare > 0 && p.asked.Load() > 0 {
		note(p.notes, "%s not in the report: --only and --skip leave nothing to ask there", catalog.Count(p.bare, "host"))
	}
}

// noteDefaults says once what was not asked for and is done all the same.
func (p *planner) noteDefaults(first catalog.Check) {
	said := ""
	for _, option := range p.unset {
		said += " --" + option + " " + map[string]string{"role": first.Service.Role, "from": first.From}[option]
	}
	if p.unset = nil; said != "" {
		note(p.notes, "checking as%s (by default)", said)
	}
}

// noteThin says where a role has a single service for who connects, and another
// role of the version has most of them: everything as wanted would say little.
func (p *planner) noteThin(plan []catalog.Check) {
	c := plan[0]
	mark := [2]string{c.Version, c.Service.Role + " for " + c.From}
	if p.told[mark] || len(plan) > 1 || !p.given {
		return
	}
	p.told[mark] = true
	if role, n := p.busiest(c); n > 1 {
		note(p.notes, "role %s of version %s has only one service for %s, %s, but role %s has %d: check with --role %s too, or with --role auto, which takes every role whose services answer",
			c.Service.Role, c.Version, c.From, c.Service.Name, role, n, role)
	}
}

// noteUntold says once that the hosts of a version may be Mailbox servers as well: their
// answers do not show it.
func (p *planner) noteUntold(plan []catalog.Check) {
	c := plan[0]
	mark := [2]string{c.Version, "untold for " + c.From}
	v, err := p.cat.Version(c.Version)
	if err != nil || p.given || p.told[mark] {
		return
	}
	p.told[mark] = true
	if service := v.Untold(plan, c.From); service != "" {
		note(p.notes, "no answer tells whether a host of version %s has the role %s too (%s): check with --role %[2]s as well", c.Version, catalog.DefaultRole, service)
	}
}

// busiest is the role of the version of c that has the most services for whom c
// is asked, and how many.
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

// noteUnasked says how much of what is wanted no check is made of.
func (p *planner) noteUnasked(plan []catalog.Check) {
	for _, c := range plan {
		role := [2]string{c.Version, c.Service.Role}
		if p.told[role] {
			continue
		}
		p.told[role] = true
		if n := p.unasked(c); n > 0 {
			note(p.notes, "%s cannot be tested remotely: exreach catalog show %s %s says why", catalog.Count(n, "catalogue service"), c.Version, c.Service.Role)
		}
	}
}

// unasked is how many rows of the same role the same from wants, and no check
// is made of.
func (p *planner) unasked(c catalog.Check) int {
	v, err := p.cat.Version(c.Version)
	if err != nil {
		return 0
	}
	n := 0
	for _, s := range v.Services {
		if s.Role == c.Service.Role && s.Unasked != "" && s.Wants[c.From] != "" {
			n++
		}
	}
	return n
}
