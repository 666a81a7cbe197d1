// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// Auto is a word in the place of a version or a role. As a version it means the one that
// the host reports, as a role those whose services answer.
const Auto = "auto"

// SupportRoles are the roles of servers around Exchange. Their hosts need not run the
// version that they serve, so their answers say nothing about Exchange.
var SupportRoles = []string{"domain-controller", "dns", "witness", "internet", "relay", "office-online", "rms", "ocs", "um-gateway", "adfs"}

// LogonPage is the logon page of OWA since 2007. It shows the build: in a header, or in
// the paths of its pictures and scripts.
const LogonPage = "/owa/auth/logon.aspx"

// A further is a question that IdentifyMore asks if the questions of Identify left
// something open and all the conditions that it states hold.
type further struct {
	version, role, service string

	instead uint16   // this port did not answer
	behind  uint16   // this port answered, and the version is undecided
	among   []string // the host may run one of these versions
	since   string   // the host may run this version of Exchange Server or a later one
	only    Family   // all versions that the host may run are of this family
	alone   bool     // nothing answered
	alive   bool     // something came back, even if only a refusal
	page    string   // requested instead of the row's own
}

// furthers are the services of the first questions at their other ports, and the pages
// that tell apart most versions that are otherwise hard to tell apart. They name versions
// because that is what each of them is for.
var furthers = []further{
	{version: DefaultVersion, role: "mailbox", service: "smtp-submission", instead: 25},
	{version: DefaultVersion, role: "mailbox", service: "smtp-submission", only: ExchangeOnline}, // port 25 does not show whether a host is an MX or takes submissions
	{version: DefaultVersion, role: "mailbox", service: "imaps", instead: 143},
	{version: DefaultVersion, role: "mailbox", service: "pop3s", instead: 110},
	{version: DefaultVersion, role: "mailbox", service: "http", instead: 443},
	{version: "2003", role: "back-end", service: "owa-http", instead: 443, among: []string{"2000", "2003"}, alive: true},
	{version: "2003", role: "back-end", service: "owa", behind: 443, among: []string{"2000", "2003"}},
	{version: DefaultVersion, role: "mailbox", service: "owa", page: LogonPage, behind: 443, since: "2007"},
	{version: "davmail", role: "gateway", service: "imap", alone: true, alive: true},
}

// Heard is what is known of a host while it is being identified.
type Heard struct {
	Answered []Check  // the services that answered
	Versions []string // that it may run; none where no answer shows one
	Quiet    bool     // nothing came back from it, as from a host that is down
}

// isUndecided reports whether the version is not known yet.
func (h Heard) isUndecided() bool { return len(h.Versions) != 1 }

func (h Heard) answeredAt(port uint16) bool {
	return slices.ContainsFunc(h.Answered, func(c Check) bool { return c.Service.Ports.First == port })
}

// asks reports whether the conditions of f hold for a host of which h is known.
func (f further) asks(h Heard, releases *Releases) bool {
	switch {
	case f.instead != 0 && h.answeredAt(f.instead), f.behind != 0 && !(h.answeredAt(f.behind) && h.isUndecided()), f.alone && len(h.Answered) > 0, f.alive && h.Quiet:
		return false
	case f.only != "" && (len(h.Versions) == 0 || slices.ContainsFunc(h.Versions, func(v string) bool { return releases.Family(v) != f.only })):
		return false
	case f.among == nil && f.since == "" || len(h.Versions) == 0:
		return true
	}
	return slices.ContainsFunc(h.Versions, func(v string) bool {
		return slices.Contains(f.among, v) || f.since != "" && releases.Since(f.since, v)
	})
}

// Identify returns the checks whose answers show which version a host runs.
func (c *Catalog) Identify(host, from string) []Check {
	var checks []Check
	for _, r := range slices.Backward(c.releases.all().order()) {
		for _, t := range r.Telling {
			check, found := c.question(r.Name, t.Role, t.Service)
			check.Host, check.From = host, from
			if found && !slices.ContainsFunc(checks, check.asksLike) {
				checks = append(checks, check)
			}
		}
	}
	return checks
}

// IdentifyMore returns what else to ask a host, nothing if its version and roles are
// known.
func (c *Catalog) IdentifyMore(host, from string, h Heard) []Check {
	var checks []Check
	for _, f := range furthers {
		if !f.asks(h, c.releases) {
			continue // before a file is read for it
		}
		check, found := c.question(f.version, f.role, f.service)
		if !found {
			continue
		}
		if f.page != "" {
			check.Service.HTTP = &Directory{Path: f.page, Method: check.Service.HTTP.Method, Status: []int{200}}
		}
		check.Host, check.From = host, from
		if !slices.ContainsFunc(checks, check.asksLike) && (h.isUndecided() || c.showsRole(h, check)) {
			checks = append(checks, check)
		}
	}
	return checks
}

// asksLike reports whether another check asks the same.
func (c Check) asksLike(other Check) bool { return sameService(c.Service, other.Service) }

// showsRole reports whether an answer would show a role of the version that no other
// answer has shown.
func (c *Catalog) showsRole(h Heard, check Check) bool {
	v, err := c.Version(h.Versions[0])
	if err != nil {
		return false
	}
	fits := v.Fits(check.From, h.Answered)
	return slices.ContainsFunc(v.autoRoles(check.From), func(r Role) bool {
		shown := slices.ContainsFunc(fits, func(f Fit) bool { return f.Role == r.Name && len(f.Answers) > 0 })
		return !shown && len(v.explains(r.Name, check.From, []Check{check})) > 0
	})
}

// question returns the check of a row, still without a host. It returns false if there is
// no such row: a user's catalogue may lack it.
func (c *Catalog) question(version, role, service string) (Check, bool) {
	v, err := c.Version(version)
	if err != nil {
		return Check{}, false
	}
	services := v.servicesOf(role)
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == service && s.Unasked == "" })
	if i < 0 {
		return Check{}, false
	}
	return Check{Version: version, Service: services[i], Want: Optional, Releases: c.releases}, true
}
