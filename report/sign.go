// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// A Sign is something that an answer says or lacks, and what it tells of who gave
// it.
type Sign struct {
	Service     string   `json:"service"`               // whose answer it is: "smtp"
	Port        uint16   `json:"port"`                  // of the service
	Said        string   `json:"said"`                  // the sign: "X-OWA-Version 14.3.361.1"
	Product     string   `json:"product,omitempty"`     // that has it: "Exchange Server"; absent where it tells none
	Versions    []string `json:"versions,omitempty"`    // of Exchange that have it, in the order of release; absent where it tells none
	Excludes    []string `json:"excludes,omitempty"`    // those that have not
	Contradicts bool     `json:"contradicts,omitempty"` // none of its versions is among the candidates
	Source      string   `json:"source,omitempty"`      // the document or the recorded answers that say so

	weight   weight
	before   bool // the product stands before others
	greeting bool // it is in the greeting, and not in what is offered
}

// A weight is how far a sign is believed where others contradict it.
type weight int

const (
	faint   weight = iota // what lacks, or belongs to the web server: a proxy may have changed it
	implied               // a feature that came, or went, with some version
	stated                // a version or build that the server gives as its own
)

// A mark is what a sign looks like: an answer has it where all hold that are stated.
type mark struct {
	protocol string
	greeting string   // words of a greeting
	offers   []string // words of the capabilities that it has, one line each
	list     string   // capabilities that stand side by side, in this order
	lacks    []string // the first words of those that it has not; it told its capabilities
	fact     string   // the name of a fact, which it knows
	words    string   // of that fact
	without  []string // facts that it does not know
	path     string   // the page that was asked for, in small letters
	inside   bool     // it was any but the root
	status   string   // how the status begins
}

// isGreeting reports whether the mark is nothing but words of a greeting.
func (m mark) isGreeting() bool {
	return m.greeting != "" && m.offers == nil && m.lacks == nil && m.list == ""
}

// A tell is a mark and what it tells.
type tell struct {
	mark
	said     string   // what the mark is called; "" quotes the greeting or the fact
	versions []string // that have it
	weight   weight
	source   string
}

// fits reports whether text has all parts of a pattern, one behind the other and in
// any case. An asterisk stands for anything between them. Setup and administrators
// translate and change texts, so that a pattern is as short as can be.
func fits(text, pattern string) bool {
	text = strings.ToLower(text)
	for part := range strings.SplitSeq(strings.ToLower(pattern), "*") {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// An answer is what a service said.
type answer struct {
	service, protocol, path string
	port                    uint16
	peer                    *protocol.Peer
}

// greetings are the lines of a greeting.
func (a answer) greetings() []string {
	return append([]string{a.peer.Greeting}, a.peer.GreetingRest...)
}

// greets returns the line of the greeting that has the words.
func (a answer) greets(words string) (string, bool) {
	lines := a.greetings()
	i := slices.IndexFunc(lines, func(line string) bool { return fits(line, words) })
	if i < 0 {
		return "", false
	}
	return lines[i], true
}

// greetingSays quotes a greeting.
func greetingSays(line string) string {
	const most = 120 // bytes: what tells stands at its beginning
	return fmt.Sprintf("the greeting %q", protocol.Printable(line, most))
}

// has reports whether the answer has the mark, and quotes what it saw.
func (a answer) has(m mark) (seen string, ok bool) {
	if m.protocol != a.protocol {
		return "", false
	}
	if m.greeting != "" {
		line, found := a.greets(m.greeting)
		if !found {
			return "", false
		}
		seen = greetingSays(line)
	}
	for _, words := range m.offers {
		if !a.offers(words) {
			return "", false
		}
	}
	if m.list != "" && !fits(" "+strings.Join(a.peer.Capabilities, " ")+" ", " "+m.list+" ") {
		return "", false
	}
	if m.lacks != nil && (len(a.peer.Capabilities) == 0 || slices.ContainsFunc(m.lacks, a.offers)) {
		return "", false
	}
	if m.fact != "" {
		value := a.peer.Facts[m.fact]
		if value == "" || !fits(value, m.words) {
			return "", false
		}
		seen = headerOf(m.fact) + " " + value
	}
	known := func(fact string) bool { return a.peer.Facts[fact] != "" }
	page := m.path == "" || strings.EqualFold(a.path, m.path)
	return seen, page && !(m.inside && a.path == "/") && strings.HasPrefix(a.peer.Facts["status"], m.status) && !slices.ContainsFunc(m.without, known)
}

// offers reports whether a capability begins with these words: a keyword alone, or
// with what stands behind it.
func (a answer) offers(words string) bool {
	first, rest, more := strings.Cut(words, " ")
	return slices.ContainsFunc(a.peer.Capabilities, func(line string) bool {
		return strings.EqualFold(keyword(line), first) && (!more || fits(line[len(first):], rest))
	})
}

// signs returns all that the answer tells.
func (a answer) signs() []Sign {
	if a.peer == nil {
		return nil
	}
	if w := a.peer.Web; w != nil && w.Name != "" {
		return []Sign{{Service: a.service, Port: a.port, Said: w.Sign, Product: w.Name, before: w.Origin != protocol.OfProduct}}
	}
	if a.strangersPage() {
		return nil
	}
	signs := a.builds()
	missing := strings.HasPrefix(a.peer.Facts["status"], "404") // which any site of IIS says
	for _, t := range tells {
		if t.weight == faint && missing {
			continue
		}
		if seen, ok := a.has(t.mark); ok {
			signs = append(signs, a.sign(cmp.Or(t.said, seen), t.versions, t.weight, t.source, t.isGreeting()))
		}
	}
	return append(signs, a.productSigns(slices.ContainsFunc(signs, isGreeting))...)
}

func isGreeting(s Sign) bool { return s.greeting }

// productSigns tell a product and no version: of Exchange behind a greeting that
// somebody changed, or of somebody else. greeted is whether the greeting is one of
// Exchange's.
func (a answer) productSigns(greeted bool) []Sign {
	var signs []Sign
	proven := a.isMail() && a.offersAsExchange()
	if proven && !greeted {
		signs = append(signs, Sign{Service: a.service, Port: a.port, Said: "what it offers", Product: exchange, Source: recorded})
	}
	p, said, known := a.mailProduct(greeted)
	switch {
	case !greeted && a.protocol == "smtp" && fits(a.peer.Greeting, "Microsoft*SMTP MAIL*Version:"):
		signs = append(signs, Sign{Service: a.service, Port: a.port, Said: fmt.Sprintf("%q", a.peer.Greeting), Product: "the SMTP service of Windows (IIS)", Source: recog})
	case known && (p.Before || !proven):
		signs = append(signs, Sign{Service: a.service, Port: a.port, Said: fmt.Sprintf("%q", said), Product: p.Name, Source: p.Source, before: p.Before})
	case a.isMail() && !proven && !greeted && a.peer.Refusal == "" && !mask.MatchString(a.peer.Greeting):
		signs = append(signs, Sign{Service: a.service, Port: a.port, Said: fmt.Sprintf("%q", a.peer.Greeting), Product: another})
	}
	return signs
}

// strangersPage reports whether a web server answered that is not known to be
// Exchange's or Windows'.
func (a answer) strangersPage() bool {
	w := a.peer.Web
	return w != nil && !slices.Contains([]protocol.Origin{"", protocol.OfExchange, protocol.OfIIS, protocol.Hidden}, w.Origin)
}

// sign makes a sign of Exchange. What is faint belongs to others as well, and proves no
// product.
func (a answer) sign(said string, versions []string, w weight, source string, greeting bool) Sign {
	s := Sign{
		Service: a.service, Port: a.port, Said: said, Source: source, weight: w, greeting: greeting,
		Versions: versions, Excludes: without(everyVersion, versions),
	}
	if w > faint || greeting || a.peer.Web != nil && a.peer.Web.Origin == protocol.OfExchange {
		s.Product = productOf(versions)
	}
	return s
}

// everyVersion is all that a sign may exclude.
var everyVersion = append(slices.Clone(catalog.Exchange), catalog.Online)

// The products of Microsoft. Where a sign tells no more, it is one of them.
const (
	exchange       = "Exchange"
	exchangeServer = "Exchange Server"
	exchangeOnline = "Exchange Online"
	davMail        = "DavMail"
)

// another is the product that answers where nothing of Exchange does, and nothing says
// which it is.
const another = "another product"

// productOf is what Microsoft, or somebody else, calls the product of versions.
func productOf(versions []string) string {
	switch {
	case slices.Equal(versions, []string{catalog.Online}):
		return exchangeOnline
	case slices.Equal(versions, []string{catalog.DavMail}):
		return davMail
	case len(versions) == 0 || slices.Contains(versions, catalog.Online):
		return exchange
	}
	return exchangeServer
}

// without returns what of list is not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// both returns what of list is in other, too.
func both(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
}
