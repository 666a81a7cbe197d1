// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/probe/socket"
)

// TestLeaveOut is a machine without a family, or without a route over it. Programs
// that try such addresses all the same fail for hosts that are well:
// https://github.com/tornadoweb/tornado/issues/1809 (no IPv6 in the kernel) and
// https://github.com/transmission/transmission/issues/86 (IPv6 switched off).
func TestLeaveOut(t *testing.T) {
	lacking := func(f Family, why socket.Cause) func(netip.Addr) socket.Cause {
		return func(a netip.Addr) socket.Cause {
			if FamilyOf(a) == f {
				return why
			}
			return socket.NoCause
		}
	}
	tests := []struct {
		name        string
		addrs       []string
		wayTo       func(netip.Addr) socket.Cause
		asked, left string
		lacks       socket.Cause
	}{
		{"no IPv6", []string{"10.80.0.1", "fd80::1"}, lacking(IPv6, socket.NoFamily), "10.80.0.1", "fd80::1", socket.NoFamily},
		{"no IPv4", []string{"10.80.0.1", "fd80::1"}, lacking(IPv4, socket.NoFamily), "fd80::1", "10.80.0.1", socket.NoFamily},
		{"no route over IPv6", []string{"10.80.0.1", "fd80::1", "fd80::2"}, lacking(IPv6, socket.NoRoute), "10.80.0.1", "fd80::1 fd80::2", socket.NoRoute},
		{"no IPv6 and nothing else", []string{"fd80::1"}, lacking(IPv6, socket.NoFamily), "fd80::1", "", socket.NoCause},
		{"both", []string{"10.80.0.1", "fd80::1"}, lacking("", socket.NoCause), "10.80.0.1 fd80::1", "", socket.NoCause},
		{"no route to one of IPv4", []string{"10.80.0.1", "10.81.0.1"}, func(a netip.Addr) socket.Cause {
			if a == netip.MustParseAddr("10.81.0.1") {
				return socket.NoRoute
			}
			return socket.NoCause
		}, "10.80.0.1 10.81.0.1", "", socket.NoCause},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Name{Addrs: addresses(t, tt.addrs...)}
			n.LeaveOut(tt.wayTo)
			if listOf(n.Addrs) != tt.asked || listOf(n.LeftOut) != tt.left || n.Lacks != tt.lacks {
				t.Errorf("asked %s, left out %s for %v", listOf(n.Addrs), listOf(n.LeftOut), n.Lacks)
			}
		})
	}
}

// TestRefusedByLimit is a name server that says REFUSED to who asks too often, as
// dnsmasq does.
func TestRefusedByLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &nameServer{names: contoso(), perSecond: 50, overLimit: dnsmessage.RCodeRefused}
		r := resolverOf(t, nameNet{"10.77.3.53": server}, "nameserver 10.77.3.53\n")
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				if got, err := r.LookUp(t.Context(), fmt.Sprintf("mail%d.wild.test", i), within); err != nil {
					t.Errorf("%v, %v", got.Addrs, err)
				}
			})
		}
		all.Wait()
	})
}

// TestResolvConf reads what machines really have.
func TestResolvConf(t *testing.T) {
	r := resolverOf(t, nil, "; made by NetworkManager\ndomain contoso.com\nsearch corp.contoso.com. contoso.com # ours\nnameserver 10.77.3.53\nnameserver fe80::53%eth0\nnameserver nonsense\noptions ndots:99 timeout:1 attempts:2 rotate edns0 trust-ad\n")
	c := r.client.conf
	if len(c.servers) != 2 || c.servers[1].String() != "[fe80::53%eth0]:53" || strings.Join(c.search, " ") != "corp.contoso.com contoso.com" ||
		c.ndots != mostDots || c.wait != time.Second || !c.rotate {
		t.Errorf("%+v", c)
	}
	if c := readResolvConf("no such file", "ws01.contoso.com"); strings.Join(c.search, " ") != "contoso.com" {
		t.Errorf("without a search list, on a machine of contoso.com: %v", c.search)
	}
	if c := readResolvConf("no such file", "ws01"); len(c.servers) != 2 || c.servers[0].String() != "127.0.0.1:53" || c.ndots != 1 || c.search != nil {
		t.Errorf("without a file: %+v", c)
	}
}

// TestRotate asks the servers by turns where the machine wants that.
func TestRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &nameServer{names: contoso()}, &nameServer{names: contoso()}
		r := resolverOf(t, nameNet{"10.77.3.53": a, "10.77.3.54": b}, twoServers+"options rotate\n")
		for _, host := range []string{"mail01.contoso.com", "old.contoso.com", "six.contoso.com"} {
			if _, err := r.LookUp(t.Context(), host, within); err != nil {
				t.Error(err)
			}
		}
		first, _ := a.counts()
		if second, _ := b.counts(); first != 3 || second != 3 {
			t.Errorf("asked %d and %d times, want three times each", first, second)
		}
	})
}

// TestStrayAnswers wants what does not answer the question left out: anybody may
// send that.
func TestStrayAnswers(t *testing.T) {
	q := dnsQuestion{"mail01.contoso.com", dnsmessage.TypeA, 1}
	server := &nameServer{names: contoso()}
	packed, err := q.pack()
	if err != nil {
		t.Fatal(err)
	}
	right := server.answer(packed, false)
	if got, err := q.read(right); err != nil || listOf(got.addrs) != "10.80.0.1" {
		t.Fatalf("%v, %v", got.addrs, err)
	}
	other := q
	other.id++
	if _, err := other.read(right); err != errStrayDNS {
		t.Errorf("another ID: %v", err)
	}
	other = q
	other.name = "mail02.contoso.com"
	if _, err := other.read(right); err != errStrayDNS {
		t.Errorf("another name: %v", err)
	}
	other = q
	other.kind = dnsmessage.TypeAAAA
	if _, err := other.read(right); err != errStrayDNS {
		t.Errorf("another type: %v", err)
	}
	if _, err := q.read(packed); err != errStrayDNS {
		t.Errorf("the question itself: %v", err)
	}
	if _, err := q.read(right[:len(right)-2]); err != errBrokenDNS {
		t.Errorf("cut short without saying so: %v", err)
	}
}

func FuzzReadDNS(f *testing.F) {
	q := dnsQuestion{"mail01.contoso.com", dnsmessage.TypeA, 0}
	server := &nameServer{names: contoso()}
	for _, name := range []string{"mail01.contoso.com", "mail.contoso.com", "circle.contoso.com", "nosuch.contoso.com"} {
		packed, err := dnsQuestion{name, dnsmessage.TypeA, 0}.pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(server.answer(packed, false))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		a, err := q.read(message)
		if err == nil && !a.exists && len(a.addrs) == 0 && !a.chased {
			t.Errorf("%+v: a name that does not exist is followed", a)
		}
		for _, addr := range a.addrs {
			if !addr.IsValid() {
				t.Errorf("%+v", a)
			}
		}
		_ = printableName(a.alias)
	})
}

// TestNoServerAnswers is a name that no server answers for.
func TestNoServerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := nameNet{"10.77.3.53": {dead: true}, "10.77.3.54": {code: dnsmessage.RCodeServerFailure}}
		r := resolverOf(t, dead, twoServers)
		began := time.Now()
		_, err := r.LookUp(t.Context(), "mail01.contoso.com", within)
		const want = "10.77.3.53 did not answer, 10.77.3.54 says SERVFAIL"
		if took := time.Since(began); err == nil || err.Error() != want || NotFound(err) || took > within || took < 7*time.Second {
			t.Errorf("%v after %s", err, took)
		}
		began = time.Now()
		if _, err := r.LookUp(t.Context(), "mail01.contoso.com", within); err == nil || err.Error() != want || time.Since(began) > 0 {
			t.Errorf("asked again after %s: %v", time.Since(began), err)
		}
		dead["10.77.3.54"] = &nameServer{dead: true}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began = time.Now()
		if _, err := r.LookUp(ctx, "mail02.contoso.com", within); err == nil || time.Since(began) > time.Second {
			t.Errorf("interrupted: %v after %s", err, time.Since(began))
		}
	})
}
