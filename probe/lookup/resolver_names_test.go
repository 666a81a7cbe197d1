// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// contoso is what a name server of the tests knows.
func contoso() map[string]nameRecord {
	return map[string]nameRecord{
		"mail01.contoso.com":       addrsOf("10.80.0.1", "fd80::1"),
		"old.contoso.com":          addrsOf("10.80.0.2"),
		"six.contoso.com":          addrsOf("fd80::6"),
		"none.contoso.com":         {},
		"mail.contoso.com":         {alias: "lb.contoso.net"},
		"lb.contoso.net":           addrsOf("10.80.0.3"),
		"open.contoso.com":         {alias: "lb.contoso.net", empty: true},
		"dangling.contoso.com":     {alias: "gone.contoso.net"},
		"circle.contoso.com":       {alias: "circle.contoso.com"},
		"*.wild.test":              addrsOf("10.80.0.66"),
		"mail01.corp.contoso.com":  addrsOf("10.80.0.9"),
		"mixed.contoso.com":        addrsOf("0.0.0.0", "10.80.0.4"),
		"blocked.contoso.com":      addrsOf("0.0.0.0", "::"),
		"multicast.contoso.com":    addrsOf("224.0.0.251", "ff02::fb"),
		"broadcast.contoso.com":    addrsOf("255.255.255.255"),
		"reserved.contoso.com":     addrsOf("240.0.0.1"),
		"linklocal.contoso.com":    addrsOf("fe80::1"),
		"nat64.contoso.com":        addrsOf("64:ff9b::"),
		"discard.contoso.com":      addrsOf("100::1"),
		"loopback.contoso.com":     addrsOf("127.0.0.1"),
		"mapped.contoso.com":       addrsOf("::ffff:10.80.0.5"),
		"translated.contoso.com":   addrsOf("64:ff9b::10.80.0.1"),
		"compatible.contoso.com":   addrsOf("::224.0.0.1"),
		"thisnetwork.contoso.com":  addrsOf("0.1.2.3"),
		"missingzone.contoso.com":  {code: dnsmessage.RCodeServerFailure},
		"short.other.contoso.com":  addrsOf("10.80.0.8"),
		"mail01.other.contoso.com": addrsOf("10.80.0.10"),
	}
}

// TestResolve looks one name up at a time, where something is the matter with
// the name servers or with how the machine finds names.
func TestResolve(t *testing.T) {
	healthy := func() *nameServer { return &nameServer{names: contoso()} }
	one := func(change func(*nameServer)) func() nameNet {
		return func() nameNet {
			s := healthy()
			change(s)
			return nameNet{"10.77.3.53": s}
		}
	}
	two := func(change func(*nameServer)) func() nameNet {
		return func() nameNet {
			s := healthy()
			change(s)
			return nameNet{"10.77.3.53": s, "10.77.3.54": healthy()}
		}
	}
	well := func(*nameServer) {}
	const conf = "nameserver 10.77.3.53\n"
	tests := []struct {
		name    string
		servers func() nameNet
		conf    string
		host    string
		want    string // addresses, or the error
		found   string
		alias   string
		lacks   []string
		within  time.Duration
	}{
		{name: "both families", servers: one(well), conf: conf, host: "mail01.contoso.com", want: "10.80.0.1 fd80::1", within: time.Second},
		{name: "letters of any case", servers: one(well), conf: conf, host: "MAIL01.Contoso.com", want: "10.80.0.1 fd80::1", within: time.Second},
		{name: "no such name", servers: one(well), conf: conf, host: "nosuch.contoso.com", want: "nosuch.contoso.com does not exist, says 10.77.3.53", within: time.Second},
		{name: "no address", servers: one(well), conf: conf, host: "none.contoso.com", want: "none.contoso.com has no address, says 10.77.3.53", within: time.Second},
		{name: "IPv6 alone", servers: one(well), conf: conf, host: "six.contoso.com", want: "fd80::6", within: time.Second},

		{name: "the first server is dead", servers: two(func(s *nameServer) { s.dead = true }), conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 2 * time.Second},
		{name: "the first server says SERVFAIL", servers: two(func(s *nameServer) { s.code = dnsmessage.RCodeServerFailure }), conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 500 * time.Millisecond},
		{name: "the first server says REFUSED", servers: two(func(s *nameServer) { s.code = dnsmessage.RCodeRefused }), conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 500 * time.Millisecond},
		{name: "the first server is a machine without one", servers: two(func(s *nameServer) { s.refuses = syscall.ECONNREFUSED }), conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 500 * time.Millisecond},
		{name: "no way to the first server", servers: func() nameNet { return nameNet{"10.77.3.54": healthy()} }, conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 500 * time.Millisecond},
		{name: "the first server asks nobody", servers: two(func(s *nameServer) { s.lame = true }), conf: twoServers, host: "old.contoso.com", want: "10.80.0.2", within: 500 * time.Millisecond},
		{name: "no server asks anybody", servers: one(func(s *nameServer) { s.lame = true }), conf: conf, host: "old.contoso.com",
			want: "10.77.3.53 does not know the name and does not ask others (no recursion)", within: 15 * time.Second},
		{name: "an answer after three seconds", servers: one(func(s *nameServer) { s.delay = 3 * time.Second }), conf: conf, host: "old.contoso.com", want: "10.80.0.2", within: 4 * time.Second},
		{name: "one says nothing and one SERVFAIL", servers: func() nameNet {
			return nameNet{"10.77.3.53": {dead: true}, "10.77.3.54": {code: dnsmessage.RCodeServerFailure}}
		}, conf: twoServers, host: "old.contoso.com", want: "10.77.3.53 did not answer, 10.77.3.54 says SERVFAIL", within: 15 * time.Second},
		{name: "nothing listens at either", servers: func() nameNet {
			return nameNet{"10.77.3.53": {refuses: syscall.ECONNREFUSED}}
		}, conf: twoServers, host: "old.contoso.com", want: "10.77.3.53 refuses queries (nothing listens on its port 53), 10.77.3.54 cannot be reached from this machine", within: 3 * time.Second},

		{name: "AAAA is swallowed", servers: one(func(s *nameServer) { s.swallows = dnsmessage.TypeAAAA }), conf: conf, host: "old.contoso.com", want: "10.80.0.2", lacks: []string{"AAAA"}, within: 6 * time.Second},
		{name: "A is swallowed", servers: one(func(s *nameServer) { s.swallows = dnsmessage.TypeA }), conf: conf, host: "mail01.contoso.com", want: "fd80::1", lacks: []string{"A"}, within: 6 * time.Second},
		// https://github.com/imperviousinc/fingertip/issues/21
		{name: "SERVFAIL for AAAA", servers: one(func(s *nameServer) { s.fails = dnsmessage.TypeAAAA }), conf: conf, host: "old.contoso.com", want: "10.80.0.2", lacks: []string{"AAAA"}, within: 2 * time.Second},
		{name: "AAAA is swallowed and there is no A", servers: one(func(s *nameServer) { s.swallows = dnsmessage.TypeAAAA }), conf: conf, host: "six.contoso.com",
			want: "10.77.3.53 knows no A record; asked for AAAA, 10.77.3.53 did not answer", within: 15 * time.Second},
		{name: "AAAA is swallowed and there is no such name", servers: one(func(s *nameServer) { s.swallows = dnsmessage.TypeAAAA }), conf: conf, host: "nosuch.contoso.com",
			want: "nosuch.contoso.com does not exist, says 10.77.3.53", within: 3 * time.Second},
		{name: "the machine does not want AAAA", servers: one(func(s *nameServer) { s.swallows = dnsmessage.TypeAAAA }), conf: conf + "options no-aaaa\n", host: "old.contoso.com", want: "10.80.0.2", within: time.Second},

		{name: "more than fits into a datagram", servers: one(func(s *nameServer) { s.names["many.contoso.com"] = addrsOf(numbered(40)...) }), conf: conf, host: "many.contoso.com",
			want: strings.Join(numbered(16), " "), within: time.Second},
		{name: "more than fits, and no TCP", servers: one(func(s *nameServer) { s.noTCP, s.names["many.contoso.com"] = true, addrsOf(numbered(40)...) }), conf: conf, host: "many.contoso.com",
			want: strings.Join(numbered(16), " "), within: 7 * time.Second},
		{name: "none of it fits, and TCP is closed", servers: one(func(s *nameServer) {
			s.refusesTCP, s.names["long.contoso.com"] = syscall.ECONNREFUSED, nameRecord{alias: "many.contoso.net", cut: true}
		}), conf: conf, host: "long.contoso.com", want: "10.77.3.53 sends an answer over UDP that is cut short; over TCP it refuses queries (nothing listens on its port 53)", within: 15 * time.Second},
		{name: "TCP alone", servers: one(func(s *nameServer) { s.loss = 1 }), conf: conf + "options use-vc\n", host: "old.contoso.com", want: "10.80.0.2", within: time.Second},

		{name: "an alias", servers: one(well), conf: conf, host: "mail.contoso.com", want: "10.80.0.3", alias: "lb.contoso.net", within: time.Second},
		{name: "an alias that the server does not follow", servers: one(well), conf: conf, host: "open.contoso.com", want: "10.80.0.3", alias: "lb.contoso.net", within: time.Second},
		{name: "an alias of nothing", servers: one(well), conf: conf, host: "dangling.contoso.com", want: "dangling.contoso.com is an alias of gone.contoso.net, which does not exist, says 10.77.3.53", within: time.Second},
		{name: "an alias of itself", servers: one(well), conf: conf, host: "circle.contoso.com", want: "circle.contoso.com is an alias of circle.contoso.com, which has no address, says 10.77.3.53", within: time.Second},

		{name: "a short name", servers: one(well), conf: conf + "search corp.contoso.com contoso.com\n", host: "mail01", want: "10.80.0.9", found: "mail01.corp.contoso.com", within: time.Second},
		{name: "a short name of the second suffix", servers: one(well), conf: conf + "search corp.contoso.com contoso.com\n", host: "old", want: "10.80.0.2", found: "old.contoso.com", within: time.Second},
		// https://github.com/openshift/origin/issues/17316 and https://github.com/Graylog2/graylog2-server/pull/71
		{name: "a typo, and a suffix that has everything", servers: one(well), conf: conf + "search wild.test\n", host: "mial01.contoso.com", want: "10.80.0.66", found: "mial01.contoso.com.wild.test", within: time.Second},
		{name: "the same with a dot at its end", servers: one(well), conf: conf + "search wild.test\n", host: "mial01.contoso.com.", want: "mial01.contoso.com does not exist, says 10.77.3.53", within: time.Second},
		{name: "a whole name with a dot at its end", servers: one(well), conf: conf + "search wild.test\n", host: "old.contoso.com.", want: "10.80.0.2", within: time.Second},
		{name: "many dots that do not make a name whole", servers: one(well), conf: conf + "search contoso.com\noptions ndots:5\n", host: "mail01.corp", want: "10.80.0.9", found: "mail01.corp.contoso.com", within: time.Second},
		// https://github.com/kubernetes/kubernetes/issues/49113
		{name: "a whole name that a suffix takes", servers: one(well), conf: conf + "search svc.test wild.test\noptions ndots:5\n", host: "lb.contoso.net", want: "10.80.0.66", found: "lb.contoso.net.wild.test", within: time.Second},
		{name: "a whole name behind suffixes", servers: one(well), conf: conf + "search corp.test contoso.com\noptions ndots:5\n", host: "lb.contoso.net", want: "10.80.0.3", within: time.Second},
		{name: "a search list takes no time from a whole name", servers: one(func(s *nameServer) { s.delay = 9 * time.Second }), conf: conf + "search a.test b.test c.test\n", host: "old.contoso.com", want: "10.80.0.2", within: 10 * time.Second},
		{name: "a suffix whose zone is broken", servers: one(func(s *nameServer) { s.names["*.broken.test"] = nameRecord{code: dnsmessage.RCodeServerFailure} }),
			conf: conf + "search broken.test\noptions ndots:5\n", host: "lb.contoso.net", want: "10.80.0.3", within: 8 * time.Second},
		{name: "a name without an answer is not taken for a longer one", servers: one(well), conf: conf + "search wild.test\n", host: "missingzone.contoso.com",
			want: "10.77.3.53 says SERVFAIL", within: 15 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := resolverOf(t, tt.servers(), tt.conf)
				began := time.Now()
				got, err := r.LookUp(t.Context(), tt.host, within)
				said := listOf(got.Addrs)
				if err != nil {
					said = err.Error()
				}
				if said != tt.want {
					t.Errorf("%s: %s\nwant %s", tt.host, said, tt.want)
				}
				if got.Found != tt.found || got.Alias != tt.alias || !slices.Equal(got.Unanswered, tt.lacks) && err == nil {
					t.Errorf("%s: found as %q, alias of %q, unanswered %q", tt.host, got.Found, got.Alias, got.Unanswered)
				}
				if took := time.Since(began); took > tt.within {
					t.Errorf("took %s, want at most %s", took, tt.within)
				}
			})
		})
	}
}

func listOf(addrs []netip.Addr) string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return strings.Join(list, " ")
}

func numbered(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("10.81.%d.%d", i/250, 1+i%250))
	}
	return list
}

// TestOneLostPacket loses the first question of each type: getent, nmap and
// Python's resolver get over that.
func TestOneLostPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &nameServer{names: contoso()}
		lost := 0
		servers := nameNet{"10.77.3.53": server}
		r := resolverOf(t, servers, "nameserver 10.77.3.53\n")
		r.client.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := servers.dial(ctx, network, address)
			return &deafOnce{Conn: conn, lost: &lost}, err
		}
		got, err := r.LookUp(t.Context(), "mail01.contoso.com", within)
		if err != nil || listOf(got.Addrs) != "10.80.0.1 fd80::1" || got.Unanswered != nil {
			t.Errorf("%v, unanswered %q, %v", got.Addrs, got.Unanswered, err)
		}
	})
}

// A deafOnce loses the first datagram that is sent.
type deafOnce struct {
	net.Conn
	lost *int
	once bool
}

func (d *deafOnce) Write(b []byte) (int, error) {
	if !d.once {
		d.once = true
		return len(b), nil
	}
	return d.Conn.Write(b)
}

// TestNameSources goes through the sources that a machine names.
func TestNameSources(t *testing.T) {
	system := func(name Name, err error) func(context.Context, string) (Name, error) {
		return func(context.Context, string) (Name, error) { return name, err }
	}
	bySystem := system(Name{Addrs: addresses(t, "10.80.0.77"), By: "the system"}, nil)
	const hosts = "127.0.0.1 localhost\n10.80.0.50 Mail01.contoso.com mail01 # ours\n::1 localhost\nfd80::50 six.contoso.com\n# 10.80.0.51 old.contoso.com\n"
	tests := []struct {
		name, nsswitch, host string
		family               Family
		system               func(context.Context, string) (Name, error)
		want, by             string
	}{
		{"the hosts file comes first", "", "mail01.contoso.com", "", nil, "10.80.0.50", "hosts"},
		{"by its short name", "", "mail01", "", nil, "10.80.0.50", "hosts"},
		{"what is a comment is none", "", "old.contoso.com", "", nil, "10.80.0.2", "10.77.3.53"},
		{"DNS comes first", "hosts: dns files\n", "mail01.contoso.com", "", nil, "10.80.0.1 fd80::1", "10.77.3.53"},
		{"of the family", "", "six.contoso.com", IPv6, nil, "fd80::50", "hosts"},
		{"the other family is in the DNS", "", "mail01.contoso.com", IPv6, nil, "fd80::1", "10.77.3.53"},
		{"a plug-in knows what the DNS does not", "hosts: files mdns4_minimal [NOTFOUND=return] dns sss\n", "printer.contoso.com", "", bySystem, "10.80.0.77", "the system"},
		{"actions with blanks", "hosts: files [ SUCCESS = return ] dns wins\n", "printer.contoso.com", "", bySystem, "10.80.0.77", "the system"},
		{"a plug-in is not asked for what the DNS knows", "hosts: files dns wins\n", "old.contoso.com", "", nil, "10.80.0.2", "10.77.3.53"},
		{"no DNS", "hosts: files sss\n", "old.contoso.com", "", bySystem, "10.80.0.77", "the system"},
		{"localhost is this machine", "hosts: dns\n", "localhost", "", nil, "127.0.0.1 ::1", "hosts"},
		{"and so is all below it", "hosts: dns\n", "mail.localhost", IPv4, nil, "127.0.0.1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := resolverOf(t, nameNet{"10.77.3.53": {names: contoso()}}, "nameserver 10.77.3.53\n")
				r.writes(t, r.files.hosts, hosts)
				r.writes(t, r.files.nsswitch, tt.nsswitch)
				r.Family = tt.family
				if tt.system != nil {
					r.system = tt.system
				}
				got, err := r.LookUp(t.Context(), tt.host, within)
				if err != nil || listOf(got.Addrs) != tt.want || !strings.HasSuffix(got.By, tt.by) {
					t.Errorf("%s by %q, %v; want %s by %q", listOf(got.Addrs), got.By, err, tt.want, tt.by)
				}
			})
		})
	}
}

// TestSystemResolver is where the operating system answers: Windows and macOS.
// What it could not tell it is asked again.
func TestSystemResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := &Resolver{Family: IPv4}
		r.begin()
		r.sources = nil
		r.system = func(context.Context, string) (Name, error) {
			if asked++; asked < 3 {
				return Name{}, &net.DNSError{Err: "try again", IsTemporary: true}
			}
			return Name{Addrs: addresses(t, "fd80::1", "10.80.0.1")}, nil
		}
		r.once.Do(func() {})
		if got, err := r.LookUp(t.Context(), "mail01.contoso.com", within); err != nil || listOf(got.Addrs) != "10.80.0.1" {
			t.Errorf("%v, %v after %d questions", got.Addrs, err, asked)
		}
		r.system = func(context.Context, string) (Name, error) { return Name{}, noAddress("gone.contoso.com") }
		if _, err := r.LookUp(t.Context(), "gone.contoso.com", within); !NotFound(err) {
			t.Errorf("got %v, want certainty", err)
		}
		r.system = func(context.Context, string) (Name, error) { return Name{}, errors.New("getaddrinfow: 11002") }
		began := time.Now()
		_, err := r.LookUp(t.Context(), "slow.contoso.com", within)
		if took := time.Since(began); err == nil || NotFound(err) || took < 10*time.Second || took > 15*time.Second {
			t.Errorf("got %v after %s, want doubt after about 15 s", err, took)
		}
	})
}

// TestBogusAddresses is what filters, hosts files and mistakes answer in place
// of a host. The first is Pi-hole's way to block a name.
func TestBogusAddresses(t *testing.T) {
	tests := []struct{ host, want, bogus string }{
		{"blocked.contoso.com", "10.77.3.53 resolves the name to 0.0.0.0, which stands for no host (RFC 1122), and ::, which stands for no host (RFC 4291)", "0.0.0.0 ::"},
		{"mixed.contoso.com", "10.80.0.4", "0.0.0.0"},
		{"multicast.contoso.com", "10.77.3.53 resolves the name to 224.0.0.251, which is a multicast address, and ff02::fb, which is a multicast address", "224.0.0.251 ff02::fb"},
		{"broadcast.contoso.com", "10.77.3.53 resolves the name to 255.255.255.255, which is the broadcast address", "255.255.255.255"},
		{"reserved.contoso.com", "10.77.3.53 resolves the name to 240.0.0.1, which is reserved (RFC 1112)", "240.0.0.1"},
		{"linklocal.contoso.com", "10.77.3.53 resolves the name to fe80::1, which is a link-local address, which needs the name of an interface, such as fe80::1%eth0", "fe80::1"},
		{"nat64.contoso.com", "10.77.3.53 resolves the name to 64:ff9b::, which stands for no host (RFC 1122)", "64:ff9b::"},
		{"compatible.contoso.com", "10.77.3.53 resolves the name to ::e000:1, which is a multicast address", "::e000:1"},
		{"discard.contoso.com", "10.77.3.53 resolves the name to 100::1, which is for packets to be discarded (RFC 6666)", "100::1"},
		{"thisnetwork.contoso.com", "10.77.3.53 resolves the name to 0.1.2.3, which stands for no host (RFC 1122)", "0.1.2.3"},
		{"mapped.contoso.com", "10.80.0.5", ""},
		{"translated.contoso.com", "64:ff9b::a50:1", ""},
		{"loopback.contoso.com", "127.0.0.1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := resolverOf(t, nameNet{"10.77.3.53": {names: contoso()}}, "nameserver 10.77.3.53\n")
				got, err := r.LookUp(t.Context(), tt.host, within)
				said := listOf(got.Addrs)
				if err != nil {
					said = err.Error()
				}
				if said != tt.want || listOf(got.Bogus) != tt.bogus {
					t.Errorf("%s, bogus %s\nwant %s, bogus %s", said, listOf(got.Bogus), tt.want, tt.bogus)
				}
				if err == nil {
					return
				}
				if why := Reason(err); why != tt.want || !NotFound(err) {
					t.Errorf("%s, want a name that is not resolved", why)
				}
			})
		})
	}
}

// TestManyAddresses wants a bound on what a name may make this machine connect
// to, of both families, and always the same.
func TestManyAddresses(t *testing.T) {
	var four, six []string
	for i := range 4000 {
		four = append(four, fmt.Sprintf("10.90.%d.%d", i/250, 1+i%250))
		six = append(six, fmt.Sprintf("fd90::%x", 1+i))
	}
	tests := []struct {
		name        string
		addrs       []string
		count, of4  int
		first, last string
	}{
		{"IPv4", four, 4000, 16, "10.90.0.1", "10.90.0.16"},
		{"IPv6", six, 4000, 0, "fd90::1", "fd90::10"},
		{"both", slices.Concat(six, four), 8000, 8, "10.90.0.1", "fd90::8"},
		{"few of one", slices.Concat(six, four[:3]), 4003, 3, "10.90.0.1", "fd90::d"},
		{"few of the other", slices.Concat(four, six[:2]), 4002, 14, "10.90.0.1", "fd90::2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 {
				r := &Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
					return addresses(t, tt.addrs...), nil
				}}
				got, err := r.LookUp(t.Context(), "many.contoso.com", within)
				if err != nil || got.Count != tt.count || len(got.Addrs) != mostAddrs {
					t.Fatalf("%d addresses of %d, %v", len(got.Addrs), got.Count, err)
				}
				of4 := 0
				for _, a := range got.Addrs {
					if a.Is4() {
						of4++
					}
				}
				if of4 != tt.of4 || got.Addrs[0].String() != tt.first || got.Addrs[15].String() != tt.last {
					t.Errorf("%v: %d of IPv4", got.Addrs, of4)
				}
			}
		})
	}
}
