// SPDX-License-Identifier: Apache-2.0

// Package lookup finds the addresses of names, and reports which source knew them and
// which gave no answer. It connects to name servers only. The packages above decide
// whether there is a way to an address, and what a name without one means for a check.
// Of the rooms of probe it may import probe/socket and probe/protocol/wire alone.
package lookup

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/probe/socket"
)

// A Resolver finds the addresses of names. The pools of a run share one, so
// all of them together ask no faster than the name servers allow.
// The zero value is ready to use.
//
// Where a machine's files say how names are found (Linux and other Unix), the Resolver
// does as they say, but asks more patiently than the system does, and its errors name
// the server that failed. Windows and macOS know more than their files: name resolution
// policies, scoped resolvers, LLMNR. There the Resolver asks the system, and asks it
// again where it had no answer.
type Resolver struct {
	Family Family // the addresses that are wanted; "" is both
	Lookup Func   // replaces every source of this machine; nil replaces none

	files  etc                                                  // the zero value is the machine's
	client *dnsClient                                           // where nil, begin makes it from files
	system func(ctx context.Context, host string) (Name, error) // nil is the operating system's

	// begin sets these; nothing sets them again.
	once    sync.Once
	slots   *semaphore.Weighted
	sources []string // of names, in their order; nil where the system answers

	mu   sync.Mutex // protects the fields below
	kept map[string]lookedUp
}

// Func resolves a name to all its addresses.
type Func func(ctx context.Context, host string) ([]netip.Addr, error)

// A lookedUp is the outcome of a lookup. A Resolver keeps it for a while: a run first
// asks a host which version it runs and then checks it, and should reach the same host.
type lookedUp struct {
	name Name
	err  error
	when time.Time
}

const (
	lookupsAtOnce  = 32
	keptNames      = 1024
	keptFor        = 30 * time.Second
	descriptorsPer = 16 // at most this share of the process's descriptors is the number of lookups at once
)

func (r *Resolver) begin() {
	r.slots = semaphore.NewWeighted(int64(max(1, min(lookupsAtOnce, socket.Descriptors()/descriptorsPer))))
	r.kept = map[string]lookedUp{}
	if r.system == nil {
		r.system = systemLookup
	}
	if r.client == nil && !hasFiles() {
		return
	}
	if r.files == (etc{}) {
		name, _ := os.Hostname()
		r.files = etc{"/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts", name}
	}
	r.sources = nameSources(r.files.nsswitch)
	if r.client == nil {
		r.client = newDNSClient(readResolvConf(r.files.resolv, r.files.hostname))
	}
}

// hasFiles reports whether this system's files say how names are found.
func hasFiles() bool {
	return !slices.Contains([]string{"windows", "darwin", "ios", "android", "plan9", "js", "wasip1"}, runtime.GOOS)
}

// LookUp finds a name, or returns what it found of it less than keptFor ago. Only so many
// lookups run side by side (lookupsAtOnce); within begins when it is this one's turn.
func (r *Resolver) LookUp(ctx context.Context, host string, within time.Duration) (Name, error) {
	r.once.Do(r.begin)
	if err := r.slots.Acquire(ctx, 1); err != nil {
		return Name{}, err
	}
	defer r.slots.Release(1)
	if old, ok := r.recall(host); ok {
		return old.name, old.err
	}
	limited, stop := context.WithTimeout(ctx, within)
	defer stop()
	start := time.Now()
	name, err := r.find(limited, host)
	name.Took = time.Since(start)
	if err == nil {
		err = name.sortOut(host)
	}
	if ctx.Err() == nil {
		r.keep(host, lookedUp{name, err, time.Now()})
	}
	name.Addrs = slices.Clone(name.Addrs)
	return name, err
}

func (r *Resolver) recall(host string) (lookedUp, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.kept[host]
	old.name.Addrs = slices.Clone(old.name.Addrs)
	return old, ok && time.Since(old.when) < keptFor
}

func (r *Resolver) keep(host string, l lookedUp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= keptNames {
		clear(r.kept)
	}
	r.kept[host] = l
}

// Forget drops what was found of a name, so the next lookup asks again.
func (r *Resolver) Forget(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, host)
}

// find goes through the sources of names.
func (r *Resolver) find(ctx context.Context, host string) (Name, error) {
	if r.Lookup != nil {
		addrs, err := r.Lookup(ctx, host)
		return Name{Addrs: addrs}, err
	}
	if isLocalhost(host) {
		name := r.inFiles(host)
		if name.Addrs == nil {
			name.Addrs = r.wanted([]netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()})
		}
		return name, nil
	}
	if r.sources == nil {
		return r.askSystem(ctx, host)
	}
	gone := noAddress(host)
	plugin := false
	for _, source := range r.sources {
		switch source {
		case "files":
			if name := r.inFiles(host); name.Addrs != nil {
				return name, nil
			}
		case "dns":
			name, err := r.client.find(ctx, host, r.Family)
			if missing := (*noAddressError)(nil); err == nil || !errors.As(err, &missing) {
				return name, err
			}
			gone = err
		default:
			plugin = true
		}
	}
	if plugin { // such as sss, mdns, wins: only the system can ask these
		if name, err := r.askSystem(ctx, host); err == nil || !slices.Contains(r.sources, "dns") {
			return name, err
		}
	}
	return Name{}, gone
}

// isLocalhost recognises the names that always are this machine (RFC 6761
// section 6.3).
func isLocalhost(host string) bool {
	host = strings.ToLower(TrimDot(host))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// inFiles is what the hosts file says of a name, the zero Name where it says nothing.
func (r *Resolver) inFiles(host string) Name {
	if addrs := r.wanted(inHosts(r.files.hosts, host)); len(addrs) > 0 {
		return Name{Addrs: addrs, By: r.files.hosts}
	}
	return Name{}
}

// wanted returns the addresses that are of the wanted family. It overwrites addrs.
func (r *Resolver) wanted(addrs []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(addrs, func(a netip.Addr) bool { return r.Family != "" && FamilyOf(a) != r.Family })
}

// askSystem asks the operating system. While that cannot tell, it asks again after
// growing waits, until ctx ends.
func (r *Resolver) askSystem(ctx context.Context, host string) (Name, error) {
	for pause := 500 * time.Millisecond; ; pause *= 2 {
		name, err := r.system(ctx, host)
		if err == nil {
			name.Addrs = r.wanted(name.Addrs)
			return name, nil
		}
		if NotFound(err) {
			return Name{}, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Name{}, err
		}
	}
}

func systemLookup(ctx context.Context, host string) (Name, error) {
	addrs, full, err := socket.LookUp(ctx, host)
	if err != nil {
		return Name{}, err
	}
	name := Name{Addrs: addrs, By: "the system"}
	switch full = printableName(TrimDot(full)); {
	case full == "" || strings.EqualFold(full, TrimDot(host)):
	case strings.HasPrefix(strings.ToLower(full), strings.ToLower(host)+"."):
		name.Found = full
	default:
		name.Alias = full
	}
	return name, nil
}
