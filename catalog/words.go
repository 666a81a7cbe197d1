// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The defaults for words that a topology or a command line leaves out.
const (
	DefaultVersion = "se"
	DefaultRole    = "mailbox"
	DefaultFrom    = "client"
)

// A From is a kind of client that connects to a service.
type From struct {
	Name string // the word of the catalogue and the command line
	Text string // one line for the reader
	Kind Kind   // "" for neither people nor servers
}

// Kind says what a client does with the certificate of a server.
type Kind string

// The kinds.
const (
	People  Kind = "people"  // their programs refuse a certificate that is out of date
	Servers Kind = "servers" // of Exchange: they take any certificate
)

// KindOf returns the kind of a From, "" for an unknown one.
func KindOf(from string) Kind {
	for _, f := range Froms {
		if f.Name == from {
			return f.Kind
		}
	}
	return ""
}

// Froms lists every kind of client that a row may name in its wants.
var Froms = []From{
	{"client", "mail programs, browsers and devices of the users, inside the organization", People},
	{"internet-client", "as client, but with POP3, IMAP4, LDAP, news or web access alone: no Outlook over RPC", People},
	{"internet", "any host outside the organization: foreign mail servers, and clients that come without a VPN", People},
	{"mailbox", "a Mailbox server", Servers},
	{"client-access", "a Client Access server (2007 to 2013)", Servers},
	{"hub", "a Hub Transport server (2007 and 2010)", Servers},
	{"edge", "an Edge Transport server in the perimeter network", Servers},
	{"um", "a Unified Messaging server or service (2007 to 2016)", Servers},
	{"um-gateway", "an IP gateway, IP PBX or session border controller that passes calls to Unified Messaging", ""},
	{"admin", "an administrator's computer", ""},
	{"load-balancer", "the load balancer in front of the servers, which also asks for their health", ""},
	{"ocs", "Office Communications Server, Lync or Skype for Business Server", ""},
	{"front-end", "a front-end server (2000 and 2003)", Servers},
	{"back-end", "a back-end server (2000 and 2003)", Servers},
	{"server", "an Exchange server of 4.0 to 5.5 in the same site; for 2000 and 2003, any 5.5 server of the organization", Servers},
	{"other-site", "an Exchange server of 4.0 to 5.5 in another site, linked by a site connector (RPC)", Servers},
	{"x400-peer", "a message transfer agent at the other end of an X.400 connector: Exchange in another site, or a foreign one", ""},
	{"adc", "the Active Directory Connector, which joins the directory of 5.5 to Active Directory (2000 and 2003)", ""},
	{"relay", "a mail relay, smart host or mail filter in the perimeter network", ""},
	{"agent", "the computer that runs the Hybrid Agent", ""},
	{"online", "Exchange Online, on its way to the organization's own servers", ""},
	{"self", "the server itself: exreach runs on the host that it tests", Servers},
}

// The words of a row that are not in the data.
var (
	networks = []Network{TCP, UDP}
	tlsWords = []TLS{NoTLS, StartTLS, Implicit, Mutual}
	methods  = []Method{Get, Options, Post, PropFind, RPCInData}
	wants    = []Want{Required, Optional, Off, Forbidden}
	grades   = []string{"A", "B", "C", "D", "M"}
)

func isFrom(name string) bool {
	return slices.ContainsFunc(Froms, func(f From) bool { return f.Name == name })
}

func froms() []string { return each(Froms, func(f From) string { return f.Name }) }

// each returns the word of each item of a list, nil for an empty list.
func each[T any](list []T, word func(T) string) []string {
	var words []string
	for _, item := range list {
		words = append(words, word(item))
	}
	return words
}

// A WordError says that a word is not one of a closed set.
type WordError struct {
	Kind     string   // what the word means: "version"
	Word     string   // as it was given
	Accepted []string // what it could have been, in the order in which the message lists it
}

func (e *WordError) Error() string {
	text := fmt.Sprintf("unknown %s %q: ", e.Kind, Shown(e.Word))
	if e.Word == "" {
		text = fmt.Sprintf("the %s is missing: ", e.Kind)
	}
	if len(e.Accepted) == 0 {
		return text + "nothing is accepted here"
	}
	if near := Meant(e.Kind, e.Word, e.Accepted); len(near) > 0 {
		text += fmt.Sprintf("did you mean %s? ", strings.Join(near, " or "))
	}
	return text + "accepted: " + strings.Join(e.Accepted, ", ")
}

// Meant returns the accepted words that people mean by a word of that kind: those that Named
// returns, or else the one that word is most likely a misspelling of. It returns nil if there
// is none.
func Meant(kind, word string, accepted []string) []string {
	named := Named(kind, word, accepted)
	if near := Nearest(word, accepted); len(named) == 0 && len(near) > 0 && 2*distance(word, near[0]) <= len([]rune(near[0])) {
		return near[:1]
	}
	return named
}

// Named returns the accepted words that a word of that kind stands for, however it is
// spelled: mailbox for mbx, client-access for ClientAccess, 2019 for "Exchange Server 2019",
// 2019 and se for the build 15.2.
func Named(kind, word string, accepted []string) []string {
	called := Called(kind, word)
	return slices.DeleteFunc(slices.Clone(accepted), func(a string) bool {
		return !slices.Contains(called, a) && squeezed(a) != squeezed(word)
	})
}

// otherWords maps what people call a role or a from to the catalogue's words, without the
// blanks, hyphens and endings that squeezed leaves out.
var otherWords = map[string]map[string]string{
	"role": {
		"mbx": "mailbox", "cas": "client-access", "cafe": "client-access", "clientaccess": "client-access", "frontendtransport": "client-access",
		"fe": "front-end", "frontend": "front-end", "be": "back-end", "backend": "back-end",
		"ht": "hub", "hubtransport": "hub", "transport": "hub", "bridgehead": "hub", "edgetransport": "edge", "unifiedmessaging": "um",
		"dc": "domain-controller", "gc": "domain-controller", "ad": "domain-controller", "globalcatalog": "domain-controller",
		"fsw": "witness", "filesharewitness": "witness", "oos": "office-online", "officeonline": "office-online",
	},
	"from": {
		"workstation": "client", "pc": "client", "desktop": "client", "laptop": "client", "user": "client", "users": "client", "outlook": "client",
		"browser": "client", "phone": "client", "mobile": "client", "lan": "client", "intranet": "client", "internal": "client",
		"external": "internet", "outside": "internet", "world": "internet", "mbx": "mailbox", "exchange": "mailbox", "dag": "mailbox",
		"cas": "client-access", "ht": "hub", "transport": "hub", "hubtransport": "hub", "edgetransport": "edge",
		"administrator": "admin", "management": "admin", "lb": "load-balancer", "balancer": "load-balancer",
		"pbx": "um-gateway", "sbc": "um-gateway", "lync": "ocs", "skype": "ocs", "skypeforbusiness": "ocs",
		"smarthost": "relay", "gateway": "relay", "hybrid": "online", "office365": "online", "o365": "online", "m365": "online",
		"localhost": "self", "local": "self",
	},
}

// Called returns the catalogue's words for what people call a version, a role or a from,
// whether or not a version has them: hub for transport, 2019 for 15.2.1118.7. It returns nil
// if it knows no other name.
func Called(kind, word string) []string {
	if kind == "version" {
		versions, _ := ours.VersionsCalled(word)
		return versions
	}
	if other := otherWords[kind][squeezed(word)]; other != "" {
		return []string{other}
	}
	return nil
}

var blanksAndHyphens = strings.NewReplacer(" ", "", "-", "", "_", "")

// Joined returns a word in lower case, without blanks, hyphens and underscores: serverrole
// for "Server Role" and server-role.
func Joined(word string) string { return blanksAndHyphens.Replace(strings.ToLower(word)) }

// squeezed is a word without capitals, blanks and hyphens, and without "role" or "server"
// behind it.
func squeezed(word string) string {
	word = Joined(shorten(word))
	for _, end := range []string{"role", "server"} {
		if rest, cut := strings.CutSuffix(word, end); cut && rest != "" {
			word = rest
		}
	}
	return word
}

// Nearest returns the accepted words, those most likely meant by word first.
// Equally near ones keep their order.
func Nearest(word string, accepted []string) []string {
	return slices.SortedStableFunc(slices.Values(accepted), func(a, b string) int {
		return cmp.Compare(distance(word, a), distance(word, b))
	})
}

// The most letters of a word that a message repeats, and how many of its beginning and its
// end are left of a longer one.
const (
	longWord  = 75
	beginning = 48
	end       = longWord - beginning - len(dots)
	dots      = "..."
)

// Shown returns a word of the user as messages repeat it: a long one without its middle, and
// *** for a user and a password that stand before a host, as in https://anna:secret@mail01/.
func Shown(word string) string {
	word = withoutUser(word)
	if len(word) <= longWord {
		return word
	}
	r := []rune(word)
	if len(r) <= longWord {
		return word
	}
	return string(r[:beginning]) + dots + string(r[len(r)-end:])
}

// withoutUser hides all before the last @ of a word, which a password may have, too, and the
// query of a URL. A mail address stays: it has no colon.
func withoutUser(word string) string {
	scheme, rest, isURL := strings.Cut(word, "://")
	if !isURL {
		if at := strings.LastIndex(word, "@"); at >= 0 && strings.Contains(word[:at], ":") {
			return "***" + word[at:]
		}
		return word
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 && !plainAuthority.MatchString(rest) {
		rest = "***" + rest[at:]
	}
	if query := strings.IndexAny(rest, "?#"); query >= 0 {
		rest = rest[:query+1] + dots
	}
	return scheme + "://" + rest
}

// plainAuthority is how a URL goes on behind its scheme if it has no user: an @ further on
// belongs to its path or its query.
var plainAuthority = regexp.MustCompile(`^(\[[^\]@]*\]|[^:/?#@]*)(:[0-9]*)?[/?#]`)

// shorten cuts a word that is too long to be a real one, which bounds the cost of comparing.
func shorten(word string) string {
	const most = 40
	r := []rune(word)
	if len(r) <= most {
		return word
	}
	return string(r[:most]) + "…" // with which it is none of the real ones
}

// distance is how many letters must be added, dropped, replaced or swapped with
// their neighbour to make b of a (optimal string alignment), without regard to
// case.
func distance(a, b string) int {
	s, t := []rune(strings.ToLower(shorten(a))), []rune(strings.ToLower(b))
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			replace := rows[i-1][j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
