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

// How long the answer for one family is waited for when there are addresses of
// the other. Some firewalls and resolvers drop questions for AAAA; clients go on
// without them, too (RFC 8305 section 3).
const (
	otherFamilyWait = 3 * time.Second
	swallowedWait   = 300 * time.Millisecond // where such questions are known to be dropped
	goneWait        = 2 * time.Second        // where a server has said that the name does not exist
)

// find returns what is known of a name, which may be one of the machine's
// domain. What was not answered for a longer name does not keep the name itself
// from being asked; when that has no answer, though, a longer one is not taken in
// its place: another host may have it.
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

// leastShare is the least time that a longer name gets. Others follow it.
const leastShare = 3 * time.Second

// within is both, for half of the time that is left where others follow.
func (c *dnsClient) within(ctx context.Context, othersFollow bool, name string, family Family) (Name, error) {
	if othersFollow {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, max(untilEnd(ctx)/2, leastShare))
		defer stop()
	}
	return c.both(ctx, name, family)
}

// kinds is the types of address to ask for.
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

// both asks for the addresses of one absolute name, of all types side by side.
func (c *dnsClient) both(ctx context.Context, name string, family Family) (Name, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	kinds := c.kinds(family)
	halves := make(chan half, len(kinds))
	var enough atomic.Bool // there are addresses
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

// patience is how long the other types are waited for after an answer; 0 is as
// long as the name has.
func (c *dnsClient) patience(got dnsAnswer, kinds []dnsmessage.Type, kind dnsmessage.Type) time.Duration {
	switch {
	case len(got.addrs) == 0 && got.exists:
		return 0
	case len(got.addrs) == 0:
		return goneWait
	case slices.ContainsFunc(kinds, func(k dnsmessage.Type) bool { return k != kind && c.swallows(k) }):
		return swallowedWait
	case slices.ContainsFunc(kinds, func(k dnsmessage.Type) bool { return k != kind && c.answers(k) }):
		return 0 // it is lost by chance, or the servers will say that they do not know
	}
	return otherFamilyWait
}

// mostAliases is how often a name is followed that the servers do not follow
// themselves.
const mostAliases = 8

// chase asks for one type, and follows the aliases that the server left open.
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

// join makes one answer of those for all types.
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
