// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// A Sign is something that an answer says or lacks, and what that shows about who gave the
// answer. Answer.Signs finds them; Identify and the rules of package judge use them.
type Sign struct {
	Service     string   `json:"service"`               // whose answer it is: "smtp"
	Port        uint16   `json:"port"`                  // of the service
	Said        string   `json:"said"`                  // the sign: "X-OWA-Version 14.3.361.1"
	Product     string   `json:"product,omitempty"`     // that has the sign: "Exchange Server"; absent if it shows none
	Versions    []string `json:"versions,omitempty"`    // of Exchange that have the sign, in the order of release; absent if it shows none
	Excludes    []string `json:"excludes,omitempty"`    // versions of Exchange that do not have the sign
	Role        string   `json:"role,omitempty"`        // of a server that has the sign; absent if it shows none
	Contradicts bool     `json:"contradicts,omitempty"` // none of its versions is among the candidates
	Source      string   `json:"source,omitempty"`      // the document or the recorded answers that say so

	weight   catalog.Weight
	before   bool // the product stands in front of other servers
	greeting bool // it is in the greeting, and not in the capabilities
}

// How far a sign is believed if others contradict it.
const (
	faint   = catalog.Faint
	implied = catalog.Implied
	stated  = catalog.Stated
)

// isOfGreeting reports whether a mark asks for nothing but words of a greeting.
func isOfGreeting(m catalog.Mark) bool {
	return m.Greeting != "" && m.Offers == nil && m.Lacks == nil && m.InOrder == ""
}

// has reports whether the answer has the mark, and quotes what it saw.
func (a Answer) has(m catalog.Mark) (quote string, ok bool) {
	if m.Protocol != a.protocol || !a.isPage(m) {
		return "", false
	}
	line, greeted := "", true
	if m.Greeting != "" {
		line, greeted = a.greets(m.Greeting)
	}
	if !greeted || !a.offersAll(m) {
		return "", false
	}
	switch {
	case m.Fact != "":
		value := a.peer.Facts[m.Fact]
		return quotedFact(m.Fact, value), value != "" && matches(value, m.Words)
	case m.Greeting != "":
		return quotedGreeting(line), true
	}
	return "", true
}

// maxQuoted is how many bytes of a line a sign quotes: its beginning is what matters.
const maxQuoted = 120

func quoted(line string) string { return strconv.Quote(wire.Printable(line, maxQuoted)) }

func quotedGreeting(line string) string { return "the greeting " + quoted(line) }

// isPage reports whether the answer comes from the page that the mark asks for, has the
// mark's status, and has none of the facts that the mark excludes.
func (a Answer) isPage(m catalog.Mark) bool {
	known := func(fact string) bool { return a.peer.Facts[fact] != "" }
	return (m.Path == "" || strings.EqualFold(a.path, m.Path)) && (!m.Inside || a.isInside()) &&
		strings.HasPrefix(a.peer.Facts[protocol.FactStatus], m.Status) && !slices.ContainsFunc(m.Without, known)
}

// isInside reports whether a directory of the site answered. Any site of IIS says 404, and
// Application Request Routing puts the name of its own IIS on what it passes on.
func (a Answer) isInside() bool {
	return a.path != "/" && !a.IsMissing() && !matches(a.peer.Facts[protocol.FactXPoweredBy], "ARR/")
}

// offersAll reports whether the capabilities are as the mark demands.
func (a Answer) offersAll(m catalog.Mark) bool {
	if slices.ContainsFunc(m.Offers, func(words string) bool { return !a.offers(words) }) {
		return false
	}
	if m.InOrder != "" && !matches(" "+strings.Join(a.peer.Capabilities, " ")+" ", " "+m.InOrder+" ") {
		return false
	}
	return m.Lacks == nil || len(a.peer.Capabilities) > 0 && !slices.ContainsFunc(m.Lacks, a.offers)
}

// Signs returns all signs of the answer: none unless the service spoke its own protocol, or
// another web server answered in place of Exchange's.
func (a Answer) Signs() []Sign {
	foreign := a.verdict == probe.Mismatch && a.protocol == "http"
	if a.peer == nil || a.verdict != probe.Answered && !foreign {
		return nil
	}
	var signs []Sign
	if w := a.peer.Web; w != nil && w.Name != "" {
		signs = append(signs, a.own(Sign{Said: w.Sign, Product: w.Name, before: w.Origin != web.OfProduct}))
	}
	if a.strangersPage() {
		return signs
	}
	if a.IsBareWindows() {
		return []Sign{a.own(Sign{Said: quoted(a.peer.Greeting), Product: windowsService, Source: "Rapid7 recog"})}
	}
	signs = slices.Concat(signs, a.builds(), a.marked())
	return append(signs, a.productSigns(slices.ContainsFunc(signs, Sign.IsGreeting))...)
}

// marked returns the signs of the marks that the answer has.
func (a Answer) marked() []Sign {
	var signs []Sign
	for _, m := range a.releases.Marks() {
		if quote, ok := a.has(m); ok {
			signs = append(signs, a.ofExchange(Sign{
				Said: cmp.Or(m.Said, quote), Versions: m.Versions, Role: m.Role, Source: m.Source,
				weight: m.Weight, greeting: isOfGreeting(m),
			}))
		}
	}
	return signs
}

// IsGreeting reports whether the sign is in a greeting of Exchange, and not in the
// capabilities.
func (s Sign) IsGreeting() bool { return s.greeting }

// IsBefore reports whether the product of the sign stands in front of others.
func (s Sign) IsBefore() bool { return s.before }

// IsExchange reports whether the product of the sign is Exchange.
func (s Sign) IsExchange() bool {
	return slices.Contains([]string{Exchange, exchangeServer, exchangeOnline}, s.Product)
}

// productSigns returns the signs that show a product and no version: Exchange behind a
// changed greeting, or another product. greeted is whether Exchange gives that greeting.
func (a Answer) productSigns(greeted bool) []Sign {
	var signs []Sign
	proven := a.IsMail() && a.OffersAsExchange()
	if proven && !greeted {
		signs = append(signs, a.own(Sign{Said: "what it offers", Product: Exchange, Source: "answers of real servers, in report/testdata/recorded/published.yaml"}))
	}
	p, said, known := a.mailProduct(greeted)
	switch {
	case !greeted && a.protocol == "smtp" && matches(a.peer.Greeting, "Microsoft*SMTP MAIL*Version:"):
		signs = append(signs, a.own(Sign{Said: quoted(a.peer.Greeting), Product: windowsService, Source: "Rapid7 recog"}))
	case known && (p.Before || !proven):
		signs = append(signs, a.own(Sign{Said: quoted(said), Product: p.Name, Source: p.Source, before: p.Before}))
	case a.IsMail() && !proven && !greeted && a.peer.Refusal == "" && !IsMasked(a.peer.Greeting):
		signs = append(signs, a.own(Sign{Said: quoted(a.peer.Greeting), Product: Another}))
	}
	return signs
}

// strangersPage reports whether an answer over HTTP is not one of Exchange or IIS, or proves
// nothing. Then its only sign is the name of what answered.
func (a Answer) strangersPage() bool {
	w := a.peer.Web
	return w != nil && !slices.Contains([]web.Origin{"", web.OfExchange, web.OfIIS, web.Hidden}, w.Origin)
}

// own sets the service and port of a sign to those of this answer.
func (a Answer) own(s Sign) Sign {
	s.Service, s.Port = a.service, a.port
	return s
}

// ofExchange makes a sign of some versions one of this answer, and adds what follows from
// the versions. Others have faint signs as well, so one by itself proves no product.
func (a Answer) ofExchange(s Sign) Sign {
	s.Excludes = without(a.releases.Of(catalog.ExchangeServer, catalog.ExchangeOnline), s.Versions)
	if s.weight > faint || s.greeting || a.peer.Web != nil && a.peer.Web.Origin == web.OfExchange {
		s.Product = productOf(a.releases, s.Versions)
	}
	return a.own(s)
}

// Products that signs show. A sign has the first one if it shows Exchange, but not whether
// it is Server or Online.
const (
	Exchange       = "Exchange"
	exchangeServer = string(catalog.ExchangeServer)
	exchangeOnline = string(catalog.ExchangeOnline)
	DavMail        = string(catalog.DavMail)

	windowsService = "Windows SMTP service (IIS)"
)

// Another is the product of a sign if something other than Exchange answers and does not
// say what it is.
const Another = "another product"

// productOf returns the product of these versions, or Exchange if they are of several
// products or there are none.
func productOf(releases *catalog.Releases, versions []string) string {
	product := ""
	for _, v := range versions {
		family := string(releases.Family(v))
		if product != "" && product != family {
			return Exchange
		}
		product = family
	}
	return cmp.Or(product, Exchange)
}

// without returns the elements of list that are not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// both returns the elements of list that are in other, too.
func both(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
}
