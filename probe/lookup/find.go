// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// How long to wait for the answer for one family after that for the other has come.
// Some firewalls and resolvers drop questions for AAAA; clients go on without an
// answer to them, too (RFC 8305 section 3).
const (
	otherFamilyWait = 3 * time.Second
	swallowedWait   = 300 * time.Millisecond // where such questions are known to be dropped
	goneWait        = 2 * time.Second        // where a server has said that the name does not exist
)

// find looks up a name, which may lack the suffix of a search domain. If the servers do
// not answer for a longer name, find still asks for the name itself. If they do not
// answer for the name itself, find fails, and takes no longer name in its place: that
// may be another host's.
func (c *dnsClient) find(ctx context.Context, name string, family Family) (Name, error) {
	var failed, gone error
	given := TrimDot(name)
	for _, candidate := range c.conf.candidates(name) {
		found, err := c.within(ctx, candidate != given, candidate, family)
		if err == nil {
			if candidate != given {
				found.Found = candidate
			}
			return found, nil
		}
		if missing := (*noAddressError)(nil); !errors.As(err, &missing) {
			if candidate == given {
				return Name{}, err
			}
			failed = cmp.Or(failed, err)
		} else if candidate == given || gone == nil {
			gone = err
		}
	}
	return Name{}, cmp.Or(failed, gone)
}

// leastShare is the least time that a longer name gets when others may follow it.
const leastShare = 3 * time.Second

// within calls both. Where others follow, it gives this name half of the time left.
func (c *dnsClient) within(ctx context.Context, othersFollow bool, name string, family Family) (Name, error) {
	if othersFollow {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, max(untilEnd(ctx)/2, leastShare))
		defer stop()
	}
	return c.both(ctx, name, family)
}

// kinds returns the record types to ask for: A, AAAA, or both.
func (c *dnsClient) kinds(family Family) []dnsmessage.Type {
	switch {
	case family == IPv4:
		return []dnsmessage.Type{dnsmessage.TypeA}
	case family == IPv6:
		return []dnsmessage.Type{dnsmessage.TypeAAAA}
	case c.conf.noAAAA:
		return []dnsmessage.Type{dnsmessage.TypeA}
	}
	return []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA}
}

// A half is the answer for one type of address.
type half struct {
	kind   dnsmessage.Type
	answer dnsAnswer
	err    error
}

// both asks for one absolute name's addresses of all types side by side.
func (c *dnsClient) both(ctx context.Context, name string, family Family) (Name, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	kinds := c.kinds(family)
	halves := make(chan half, len(kinds))
	var enough atomic.Bool // there are addresses, so ask may give up early
	for _, kind := range kinds {
		go func() {
			answer, err := c.chase(ctx, name, kind, &enough)
			halves <- half{kind, answer, err}
		}()
	}
	var heard []half
	for range kinds {
		h := <-halves
		heard = append(heard, h)
		enough.Store(enough.Load() || len(h.answer.addrs) > 0)
		if h.err != nil || len(heard) == len(kinds) {
			continue
		}
		if patience := c.patience(h.answer, kinds, h.kind); patience > 0 {
			defer time.AfterFunc(patience, stop).Stop()
		}
	}
	slices.SortFunc(heard, func(a, b half) int { return int(a.kind) - int(b.kind) })
	return c.join(name, heard)
}

// patience returns how long to wait for the other types after an answer for kind; 0 is
// as long as the name has.
func (c *dnsClient) patience(got dnsAnswer, kinds []dnsmessage.Type, kind dnsmessage.Type) time.Duration {
	switch {
	case len(got.addrs) == 0 && got.exists:
		return 0
	case len(got.addrs) == 0:
		return goneWait
	case slices.ContainsFunc(kinds, func(k dnsmessage.Type) bool { return k != kind && c.swallows(k) }):
		return swallowedWait
	case slices.ContainsFunc(kinds, func(k dnsmessage.Type) bool { return k != kind && c.answers(k) }):
		return 0 // the answer was lost by chance, or the servers will say that they do not know
	}
	return otherFamilyWait
}

// mostAliases is how many aliases chase follows where the servers do not follow them
// themselves.
const mostAliases = 8

// chase asks for one type, and follows the aliases that the server did not.
func (c *dnsClient) chase(ctx context.Context, name string, kind dnsmessage.Type, spare *atomic.Bool) (dnsAnswer, error) {
	answer, err := c.ask(ctx, name, kind, spare)
	for n := 0; err == nil && !answer.chased && n < mostAliases; n++ {
		alias := answer.alias
		if answer, err = c.ask(ctx, alias, kind, spare); answer.alias == "" {
			answer.alias = alias
		}
	}
	return answer, err
}

// join makes one Name, or one error, of the answers for all types.
func (c *dnsClient) join(name string, heard []half) (Name, error) {
	n := Name{}
	var certain *dnsAnswer
	var failure error
	for _, h := range heard {
		if h.err != nil {
			failure = cmp.Or(failure, h.err)
			n.Unanswered = append(n.Unanswered, typeWord(h.kind))
			continue
		}
		n.Addrs = append(n.Addrs, h.answer.addrs...)
		if n.Alias == "" {
			n.Alias = printableName(h.answer.alias)
		}
		if certain == nil || len(h.answer.addrs) > 0 {
			certain = &h.answer
			n.By = h.answer.by.String()
		}
	}
	if len(n.Addrs) > 0 {
		for _, h := range heard {
			if h.err != nil {
				c.swallow(h.kind)
			}
		}
		return n, nil
	}
	if incomplete := (*resolverError)(nil); errors.As(failure, &incomplete) && (certain == nil || certain.exists) {
		if certain != nil {
			incomplete.knows = certain.by
		}
		return n, incomplete
	}
	return n, &noAddressError{name: name, by: certain.by, alias: n.Alias, exists: certain.exists}
}

func typeWord(kind dnsmessage.Type) string {
	if kind == dnsmessage.TypeA {
		return "A"
	}
	return "AAAA"
}
