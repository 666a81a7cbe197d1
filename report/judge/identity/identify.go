// SPDX-License-Identifier: Apache-2.0

// Package identity concludes from a host's own answers what it is: which versions, roles
// and products they allow, sign by sign. It sends nothing, and it does not judge whether
// a host is as it should be: package judge does, which it must not import.
package identity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// An Identified is what a host was found to be, by its own answers. Identify makes it, and
// cmd/internal/survey sets CheckedAs and Unfit.
type Identified struct {
	Products      []string    `json:"products"`                // that answered: "Exchange Server", "Postfix"
	Candidates    []string    `json:"candidates"`              // versions that it may run, in the order of release
	Contradictory bool        `json:"contradictory,omitempty"` // the signs do not agree: a gateway stands in front of the server, or several servers share the name
	CheckedAs     []TakenRole `json:"checked_as"`              // the roles that the user did not give
	Unfit         bool        `json:"unfit,omitempty"`         // what answered belongs to no role that such a host may have
	Signs         []Sign      `json:"signs"`

	releases *catalog.Releases
}

// A TakenRole is a role that a host was checked in because none was given.
type TakenRole struct {
	Version string   `json:"version"`
	Role    string   `json:"role"`
	Because []string `json:"because"` // the services whose answers say so: "443/owa"; none where the role is only the usual one
}

// Identify concludes from the answers of one host what it is.
func Identify(results []probe.Result) Identified {
	var answers []Answer
	for _, r := range results {
		answers = append(answers, AnswerTo(r))
	}
	return identify(answers)
}

func identify(answers []Answer) Identified {
	id := Identified{Products: []string{}, Candidates: []string{}, CheckedAs: []TakenRole{}, Signs: []Sign{}}
	for _, a := range answers {
		id.add(a.Signs())
		id.releases = cmp.Or(id.releases, a.releases)
	}
	id.Candidates, id.Contradictory = narrowed(id.releases, id.Signs)
	for i, s := range id.Signs {
		id.Signs[i].Contradicts = len(s.Versions) > 0 && len(both(s.Versions, id.Candidates)) == 0
		if s.Product != "" && !slices.Contains(id.Products, s.Product) && !id.widerProduct(s.Product) {
			id.Products = append(id.Products, s.Product)
		}
	}
	return id
}

// add takes the signs of one more answer. A sign that several answers of one port have
// is kept once.
func (id *Identified) add(signs []Sign) {
	for _, s := range signs {
		if !slices.ContainsFunc(id.Signs, s.isSame) {
			id.Signs = append(id.Signs, s)
		}
	}
}

// isSame reports whether another sign says the same of the same port.
func (s Sign) isSame(as Sign) bool {
	return s.Port == as.Port && s.Said == as.Said && slices.Equal(s.Versions, as.Versions)
}

// widerProduct reports whether another sign names the product more exactly.
func (id *Identified) widerProduct(product string) bool {
	return product == Exchange && slices.ContainsFunc(id.Signs, func(s Sign) bool { return s.Product == exchangeServer || s.Product == exchangeOnline })
}

// IsHidden reports whether only gateways and filters answered, which pass clients on to
// servers behind them.
func (id Identified) IsHidden() bool {
	told := slices.DeleteFunc(slices.Clone(id.Signs), func(s Sign) bool { return s.Product == "" })
	return len(told) > 0 && !slices.ContainsFunc(told, func(s Sign) bool { return !s.before })
}

// Unknown returns the signs of builds that the host reports and no known version has.
func (id Identified) Unknown() []Sign {
	return slices.DeleteFunc(slices.Clone(id.Signs), func(s Sign) bool { return len(s.Versions) > 0 || s.weight != stated })
}

// Role returns the role that a sign shows, if all signs are of one port: an Edge server has
// no other service. Otherwise it is "".
func (id Identified) Role() string {
	role := ""
	for _, s := range id.Signs {
		if s.Port != id.Signs[0].Port {
			return ""
		}
		role = cmp.Or(role, s.Role)
	}
	return role
}

// narrowed is the versions that all signs allow. If they have none in common, the faint
// signs do not count, and then the implied ones do not either. If even the stated ones
// have no version in common, any version that they name may be right.
func narrowed(releases *catalog.Releases, signs []Sign) (candidates []string, contradictory bool) {
	told := slices.DeleteFunc(slices.Clone(signs), func(s Sign) bool { return len(s.Versions) == 0 })
	if len(told) == 0 {
		return []string{}, false
	}
	believed := told
	for least := faint; least <= stated; least++ {
		heavy := slices.DeleteFunc(slices.Clone(told), func(s Sign) bool { return s.weight < least })
		if len(heavy) == 0 {
			break
		}
		believed = heavy
		if left := common(releases, believed); len(left) > 0 {
			return left, least > faint
		}
	}
	return slices.DeleteFunc(allVersions(releases), func(v string) bool {
		return !slices.ContainsFunc(believed, func(s Sign) bool { return slices.Contains(s.Versions, v) && !s.isWider(believed) })
	}), true
}

// isWider reports whether another sign allows fewer versions, all of which this one
// allows too.
func (s Sign) isWider(than []Sign) bool {
	return slices.ContainsFunc(than, func(t Sign) bool {
		return len(t.Versions) < len(s.Versions) && len(without(t.Versions, s.Versions)) == 0
	})
}

// common returns the versions that all signs allow.
func common(releases *catalog.Releases, signs []Sign) []string {
	left := allVersions(releases)
	for _, s := range signs {
		left = both(left, s.Versions)
	}
	return left
}

// allVersions returns every version that a sign may show.
func allVersions(releases *catalog.Releases) []string {
	return releases.Of(catalog.ExchangeServer, catalog.ExchangeOnline, catalog.DavMail)
}

// Believed returns the signs that lead to the candidates, the most exact one first. It
// leaves out signs that narrow the versions no further.
func (id Identified) Believed() []Sign {
	signs := slices.DeleteFunc(slices.Clone(id.Signs), func(s Sign) bool { return len(s.Versions) == 0 || s.Contradicts })
	slices.SortStableFunc(signs, func(a, b Sign) int {
		return cmp.Or(len(a.Versions)-len(b.Versions), int(b.weight-a.weight))
	})
	var believed []Sign
	left := allVersions(id.releases)
	for _, s := range signs {
		if next := both(left, s.Versions); len(next) < len(left) {
			left, believed = next, append(believed, s)
		}
	}
	return believed
}

// IsForeign reports whether products answered, and none of them is of Exchange.
func (id Identified) IsForeign() bool {
	return len(id.Products) > 0 && !slices.ContainsFunc(id.Signs, Sign.IsExchange)
}

// manyCandidates is more than Exchange has versions. A forged report may have any number.
const manyCandidates = 16

// Choice lists the candidates in words: "2003, 2007 or 2010".
func (id Identified) Choice() string {
	candidates := id.Candidates
	if more := len(candidates) - manyCandidates; more > 0 {
		candidates = append(slices.Clone(candidates[:manyCandidates]), fmt.Sprintf("%d more", more))
	}
	return catalog.Either(candidates)
}

// Answering says which products answer: "Postfix and Dovecot answer".
func (id Identified) Answering() string {
	if len(id.Products) == 1 {
		return id.Products[0] + " answers"
	}
	return catalog.Enumerated(id.Products, "and") + " answer"
}

// Reasons returns what the signs of Believed say.
func (id Identified) Reasons() []string {
	var reasons []string
	for _, s := range id.Believed() {
		reasons = append(reasons, s.Said)
	}
	return reasons
}

// Contradictions returns the signs that do not agree with the candidates; if each agrees
// with some candidate, all that state a version. It is nil unless id is Contradictory.
func (id Identified) Contradictions() []Sign {
	if !id.Contradictory {
		return nil
	}
	against := slices.DeleteFunc(slices.Clone(id.Signs), func(s Sign) bool { return !s.Contradicts })
	if len(against) > 0 {
		return against
	}
	return slices.DeleteFunc(slices.Clone(id.Signs), func(s Sign) bool { return len(s.Versions) == 0 || s.weight < stated })
}

// Conflict returns all signs of a contradiction, those that lead to the candidates first.
func (id Identified) Conflict() []Sign {
	signs := id.Believed()
	for _, s := range id.Contradictions() {
		if !slices.ContainsFunc(signs, s.isSame) {
			signs = append(signs, s)
		}
	}
	return signs
}

// Admitted returns the versions that a server claims in one answer, and the words in which
// it claims them. Both are empty if it claims none.
func Admitted(releases *catalog.Releases, signs []Sign) (candidates []string, said string) {
	id := Identified{releases: releases, Signs: slices.DeleteFunc(slices.Clone(signs), func(s Sign) bool { return len(s.Versions) == 0 || s.weight < stated && !s.greeting })}
	id.Candidates, id.Contradictory = narrowed(releases, id.Signs)
	reasons := id.Reasons()
	if len(reasons) == 0 {
		return nil, ""
	}
	return id.Candidates, strings.Join(reasons, " and ")
}

// IsForeign reports whether a product that is not Exchange answers in its place. A gateway
// or filter does not count, because Exchange may be behind it.
func (a Answer) IsForeign() bool {
	foreign := false
	for _, s := range a.Signs() {
		if s.IsExchange() || s.Product == DavMail {
			return false
		}
		foreign = foreign || s.Product != "" && !s.before
	}
	return foreign
}

// IsMissing reports whether a web server says that it does not have the page.
func (a Answer) IsMissing() bool {
	return a.protocol == "http" && a.peer != nil && strings.HasPrefix(a.peer.Facts[protocol.FactStatus], "404")
}
