// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"slices"

	"exreach/catalog"
	"exreach/report/judge/identity"
)

// A taker decides what a host most likely is if its version or its role was not given. The
// planner and the identifier embed it.
type taker struct {
	cat  *catalog.Catalog
	from string // who connects
}

// isUnsettled reports whether a host must be asked what it is. A host with a supporting
// role does not show its version, which hardly matters there. The ports that a user names
// are checked in any case.
func (k taker) isUnsettled(h catalog.Host) bool {
	if h.Ports != nil {
		return false
	}
	if noVersion(h) {
		return !slices.Contains(catalog.SupportRoles, h.Role)
	}
	v, err := k.cat.Version(h.Version)
	return err == nil && noRole(h) && len(v.Roles) > 1 && v.AutoRole(k.from) == ""
}

func noVersion(h catalog.Host) bool { return h.Version == "" || h.Version == catalog.Auto }

func noRole(h catalog.Host) bool { return h.Role == "" || h.Role == catalog.Auto }

// anyUnsettled reports whether a target must be asked what it is.
func (k taker) anyUnsettled(t target) bool { return slices.ContainsFunc(t.roles, k.isUnsettled) }

// settle gives a role without a version one that has it (newestWith), and a host without a
// role its usual one. If other roles of the host are given, settle leaves out the unsettled
// ones: they may turn out to be the same.
func (k taker) settle(t target) target {
	roles := slices.DeleteFunc(slices.Clone(t.roles), func(h catalog.Host) bool { return noRole(h) && k.isUnsettled(h) })
	if len(roles) == 0 {
		roles = slices.Clone(t.roles[:1])
	}
	for i, h := range roles {
		roles[i] = k.usual(h)
	}
	t.roles = roles
	return t
}

// usual returns h with the version and the role to assume if no answer shows more.
func (k taker) usual(h catalog.Host) catalog.Host {
	if h.Ports != nil && (noRole(h) || !noVersion(h)) {
		return h // of which catalog.Plan makes what it can
	}
	if noRole(h) {
		h.Role = ""
	}
	if noVersion(h) {
		h.Version = k.newestWith(h.Role)
	}
	if v, err := k.cat.Version(h.Version); err == nil && h.Role == "" {
		h.Role = v.AutoRole(k.from)
	}
	return h
}

// newestWith returns a version that has the role: the default, or else the newest. It
// prefers those whose hosts may be assumed to have the role. If none has it: the default.
func (k taker) newestWith(role string) string {
	for _, fits := range []func(version, role string) bool{k.takes, k.hasRole} {
		if fits(catalog.DefaultVersion, role) {
			return catalog.DefaultVersion
		}
		for _, version := range slices.Backward(k.cat.Names()) {
			if fits(version, role) {
				return version
			}
		}
	}
	return catalog.DefaultVersion
}

func (k taker) hasRole(version, role string) bool {
	v, err := k.cat.Version(version)
	if err == nil && role != "" && role != catalog.Auto {
		_, err = v.Role(role)
	}
	return err == nil
}

// takes reports whether a host of the version may be assumed to have the role.
func (k taker) takes(version, role string) bool {
	v, err := k.cat.Version(version)
	return err == nil && slices.ContainsFunc(v.Roles, func(r catalog.Role) bool { return r.Name == role && r.Auto != "" })
}

// asks reports whether k.from has something to ask of the role, or the role is not known.
func (k taker) asks(version, role string) bool {
	v, err := k.cat.Version(version)
	return err == nil && (role == "" || role == catalog.Auto || v.Asks(role, k.from))
}

// take returns h in the version that its answers show, once for each role whose services
// answered; fits[n] is why hosts[n] has its role. If there is no such role, it returns only
// the usual host, and fits is nil.
func (k taker) take(h catalog.Host, id identity.Identified, answered []catalog.Check) (hosts []catalog.Host, fits []catalog.Fit) {
	version := h.Version
	if noVersion(h) {
		version = cmp.Or(
			k.best(id, answered, func(v string) bool { return k.asks(v, h.Role) }),
			k.best(id, answered, func(string) bool { return true }), k.usual(h).Version)
	}
	v, err := k.cat.Version(version)
	if err != nil {
		return []catalog.Host{k.usual(h)}, nil
	}
	if role := v.RoleLike(h.Role, k.from); role != "" && !noRole(h) {
		fits = []catalog.Fit{{Role: role}}
	} else if fits = v.Fit(id.Role(), k.from, answered); fits == nil {
		fits = v.Fits(k.from, answered)
	}
	if fits == nil { // k.from has nothing to ask there, or no role of the user's own catalogue has the word auto
		return []catalog.Host{k.usual(h)}, nil
	}
	for _, f := range fits {
		one := h
		one.Version, one.Role, one.RPCPorts = v.Name, f.Role, v.StaticPorts(f.Role, h.RPCPorts)
		hosts = append(hosts, one)
	}
	return hosts, fits
}

// best is the version to check a host as, of the candidates that fit: the one whose
// services explain the most answers, and of several the newest. Exchange Online is chosen
// only where nothing else is possible. It is "" where no candidate fits.
func (k taker) best(id identity.Identified, answered []catalog.Check, fits func(version string) bool) string {
	best, most := "", -1
	for _, version := range slices.Backward(id.Candidates) {
		if most == len(answered) {
			break // no older version explains more: its file need not be read
		}
		v, err := k.cat.Version(version)
		if err != nil || !fits(version) || k.cat.Releases().Family(version) == catalog.ExchangeOnline && len(id.Candidates) > 1 {
			continue
		}
		roles := v.Fits(k.from, answered)
		explained := 0
		for _, f := range roles {
			explained += len(f.Answers)
		}
		if roles != nil && explained > most {
			best, most = version, explained
		}
	}
	return best
}

// unfit reports whether services answered, but none that belongs to a role that a host of
// the version may be assumed to have.
func (k taker) unfit(version string, answered []catalog.Check) bool {
	v, err := k.cat.Version(version)
	return err == nil && len(answered) > 0 && !slices.ContainsFunc(answered, v.Listens)
}
