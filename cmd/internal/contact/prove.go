// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
)

// A proving makes the contact with one listener, and asks it again.
type proving struct {
	stage *Stage
	pool  probe.Pool
	host  probe.HostResults // the first results, and what replaces them
	at    Listener

	dial  dialer // connects for the contact
	small dialer // does so in small segments; nil if the system cannot, or it was tried
	lost  bool   // dial is what was small: large packets of the contact were lost

	code    Code   // that fits
	token   string // that the far end gave
	ways    []way  // those that may lead to the listener; the first did once there is a contact
	contact far.Contact
	meeting far.Meeting
	told    far.Record // what the far end said last
}

// A way is a port at which a contact may be made.
type way struct {
	service catalog.Service
	port    uint16
}

// Bounds on making a contact.
const (
	mostWays   = 12               // ports that are tried
	mostAsked  = 3                // times that a person is asked for a code
	mostTried  = 8                // codes of a file that are tried at one listener, each of which costs a delay
	knockTime  = 90 * time.Second // for one code at all ports
	beginTime  = 10 * time.Second // for the answer to the first request, if it may be too large for the path
	wrongPorts = 2                // ports of the stand-in itself at which a code is refused before it is believed to be wrong
	dialTime   = 5 * time.Second
)

// prove makes the contact, and returns the host with what follows from it. fit are codes
// that fitted at other addresses of the host.
func (p *proving) prove(ctx context.Context, fit []Code) probe.HostResults {
	p.ways = waysTo(p.host, p.at.Address)
	p.contact = far.Contact{Address: p.at.Address, Dropped: -1}
	s := p.reach(ctx, fit)
	if s == nil {
		p.host.Contacts = append(p.host.Contacts, p.contact)
		p.stage.tell(Missed{p.at, p.contact})
		return p.host
	}
	if err := p.ask(ctx, s, doBegin); err != nil {
		return p.unfinished(err)
	}
	p.meeting.Before = p.told.Dropped
	p.stage.tell(Made{p.at, p.contact})
	begun := p.told
	second, err := p.askAgain(ctx, begun)
	if err != nil {
		return p.unfinished(err)
	}
	record, err := p.fetch(ctx)
	if err != nil {
		record = nil
	}
	p.compare(second, record)
	p.host.Results = merged(p.host.Results, second, begun, p.at.Address)
	if err == nil {
		p.checkBack(ctx)
	}
	if err != nil {
		return p.unfinished(err)
	}
	p.host.Contacts = append(p.host.Contacts, p.contact)
	return p.host
}

// unfinished ends a contact before its time.
func (p *proving) unfinished(err error) probe.HostResults {
	p.contact.Failed, p.contact.Note = far.Broken, err.Error()
	p.host.Contacts = append(p.host.Contacts, p.contact)
	p.stage.tell(Unfinished{p.at, p.contact})
	return p.host
}

// reach finds a code that fits and a port that leads to the listener. It returns nil if
// there is none: p.contact says why.
func (p *proving) reach(ctx context.Context, fit []Code) *session {
	known := slices.Concat(fit, p.stage.Codes.For(p.at.Host, p.at.Address))
	p.contact.Failed = far.NoCode
	for _, code := range known[:min(len(known), mostTried)] {
		if s := p.knock(ctx, code); s != nil || p.contact.Failed != far.WrongCode {
			return s
		}
	}
	for range mostAsked {
		p.at.Again = p.contact.Failed == far.WrongCode
		code := p.stage.ask(ctx, p.at)
		if code.IsZero() {
			return nil
		}
		if s := p.knock(ctx, code); s != nil || p.contact.Failed != far.WrongCode {
			return s
		}
	}
	return nil
}

// knock tries a code at one port after the other, until a contact stands.
func (p *proving) knock(ctx context.Context, code Code) *session {
	ctx, stop := context.WithTimeout(ctx, knockTime)
	defer stop()
	p.contact.Failed, p.contact.Note, p.contact.Refused = far.NoWay, "", nil
	wrong := 0
	for i, w := range p.ways {
		s, err := p.call(ctx, w, code)
		if err == nil {
			p.code, p.contact.Over, p.contact.Failed, p.contact.Note = code, w.port, "", p.lossNote()
			p.ways = slices.Insert(slices.Delete(slices.Clone(p.ways), i, i+1), 0, w)
			return s
		}
		if ctx.Err() != nil {
			break
		}
		if wrong += p.note(w, err); wrong == wrongPorts {
			break
		}
	}
	return nil
}

// note learns from a port at which no contact came about. It returns 1 if the stand-in
// itself refused the code.
func (p *proving) note(w way, err error) int {
	refused := new(refusedError)
	switch {
	case errors.As(err, &refused):
		p.contact.Refused = append(p.contact.Refused, far.Refusal{Port: w.port, Why: err.Error()})
		if refused.spoke {
			p.contact.Failed = far.WrongCode
		}
		if refused.spoke && !refused.opened {
			return 1
		}
	case errors.Is(err, errOtherVersion):
		if p.contact.Failed == far.NoWay {
			p.contact.Failed = far.OtherVersion
		}
	default:
		p.contact.Note = fmt.Sprintf("port %d: %s", w.port, err)
	}
	return 0
}

// hangUp ends a contact.
func hangUp(s *session) { _ = s.conn.Close() }

// waysTo returns the ports at an address that may lead to a stand-in, those with TLS at once
// first, and within one kind those that have answered.
func waysTo(h probe.HostResults, addr netip.Addr) (ways []way) {
	results := slices.DeleteFunc(slices.Clone(h.Results), func(r probe.Result) bool {
		return r.Address != addr || r.Check.Service.Network != catalog.TCP || !r.Connected() || r.Check.IsControl()
	})
	rank := func(r probe.Result) int {
		kind := 2
		switch tls := r.Check.Service.TLS; {
		case tls.First(): // the contact wants no client certificate
			kind = 0
		case tls == catalog.StartTLS:
			kind = 1
		}
		if r.Verdict != probe.Answered {
			kind += 3
		}
		return kind
	}
	slices.SortStableFunc(results, func(a, b probe.Result) int { return cmp.Compare(rank(a), rank(b)) })
	for _, r := range results {
		if !slices.ContainsFunc(ways, func(w way) bool { return w.port == r.Port }) && len(ways) < mostWays {
			ways = append(ways, way{r.Check.Service, r.Port})
		}
	}
	return ways
}

// learn notes what the far end says of itself and of us.
func (p *proving) learn(local netip.AddrPort, w welcome) {
	p.told = w.Record
	p.token = cmp.Or(w.Token, p.token)
	c, r := &p.contact, w.Record
	c.Listener, c.Tool, c.Host, c.Wall, c.Dropped = r.Listener, r.Tool, r.Machine, r.Wall, r.Dropped
	c.Seen, c.Local, c.Ahead = w.You, local, w.Ahead
	c.Opened, c.Held = nil, nil
	for _, o := range r.Openings {
		port := fmt.Sprintf("%d/%s", o.Port, o.Network)
		switch {
		case o.State != far.Open:
			c.Held = append(c.Held, o)
		case !slices.Contains(c.Opened, port):
			c.Opened = append(c.Opened, port)
		}
	}
	m := &p.meeting
	if !slices.Contains(m.Seen, w.You.Addr()) {
		m.Seen = append(m.Seen, w.You.Addr())
	}
	m.PortsKept = local.IsValid() && local.Port() == w.You.Port()
	if m.Loose > 0 { // the clocks may have been set meanwhile
		w.Loose += (w.Ahead - m.Ahead).Abs()
	}
	m.Ahead, m.Loose = w.Ahead, w.Loose
}

// fetch gets the record, in a contact of its own: a connection that says nothing while the
// plan is asked may not live so long.
func (p *proving) fetch(ctx context.Context) (*far.Record, error) {
	s := p.knock(ctx, p.code)
	if s == nil {
		return nil, errors.New("the contact did not come about again to fetch what the listener saw")
	}
	if err := p.ask(ctx, s, doRecord); err != nil {
		return nil, err
	}
	return &p.told, nil
}
