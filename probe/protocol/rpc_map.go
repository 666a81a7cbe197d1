// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// How much of an endpoint map readMap reads. A busy server has a few hundred entries.
const (
	eptMaxPages   = 64
	eptMaxEntries = 4096
)

// An eptReader gathers what an endpoint mapper says.
type eptReader struct {
	client    *rpc.Client
	dialed    netip.Addr
	peer      Peer
	seen      map[rpc.Endpoint]bool
	entries   int      // of the listing, equal ones counted too
	malformed int      // towers that could not be read
	complete  bool     // the listing came to its end
	hidden    []string // wanted interfaces that only ept_map knows
	denied    []string // wanted interfaces that the server refused to map, and how
	absent    []string // wanted interfaces that the server says it does not have
	unread    error    // what was wrong with the first answer that could not be read
}

// errUnread stands for the error of an answer that cannot be read, which is no end of the
// conversation.
var errUnread = errors.New("its answer cannot be read")

// readMap lists the whole map, then asks for each wanted interface that the
// listing did not show: filters hide listings, or parts of them.
func readMap(c *rpc.Client, wanted []catalog.Interface, dialed netip.Addr) (Peer, error) {
	m := &eptReader{client: c, dialed: dialed, peer: Peer{Facts: map[string]string{}}, seen: map[rpc.Endpoint]bool{}}
	err := m.list()
	for _, i := range wanted {
		if err == nil && !m.has(i) {
			err = m.ask(i)
		}
	}
	if m.unread != nil && len(m.seen) == 0 {
		err = m.unread
		m.peer.turnAway("", "")
	}
	m.state()
	m.peer.Withheld = m.withheld(wanted)
	return m.peer, err
}

// withheld returns the wanted interfaces of which we cannot say whether the server has
// them. If it names no interface at all, not even one of Windows' own, its answers are
// a filter's, and what they call absent may be there.
func (m *eptReader) withheld(wanted []catalog.Interface) []string {
	var names []string
	for _, i := range wanted {
		if !m.has(i) && (len(m.seen) == 0 || !slices.Contains(m.absent, i.Name)) {
			names = append(names, i.Name)
		}
	}
	return names
}

// list pages through ept_lookup. Servers end a listing differently: Samba says "not
// registered" after the last entry, others clear the handle.
func (m *eptReader) list() error {
	var from rpc.Handle
	for range eptMaxPages {
		page, err := m.page(rpc.OpLookup, rpc.LookupRequest(from), rpc.LookupPage)
		if refusal := m.refusal(page, err); refusal != nil {
			m.stop(refusal)
			return nil
		}
		if err != nil {
			return err
		}
		m.entries += len(page.Towers)
		m.take(page)
		switch {
		case page.Status == rpc.NotRegistered, page.Handle == rpc.Handle{}, len(page.Towers) == 0:
			m.complete = m.entries > 0
			return nil
		case m.entries >= eptMaxEntries:
			m.peer.Facts[FactLookup] = fmt.Sprintf("stopped after %d entries", m.entries)
			return nil
		}
		from = page.Handle
	}
	m.peer.Facts[FactLookup] = fmt.Sprintf("stopped after %d pages", eptMaxPages)
	return nil
}

// page calls an operation and reads its answer.
func (m *eptReader) page(operation uint16, stub []byte, read func(*rpc.Reader) (rpc.Page, error)) (rpc.Page, error) {
	r, err := m.client.Call(operation, stub)
	if err != nil {
		return rpc.Page{}, err
	}
	page, err := read(r)
	if err != nil {
		m.unread = cmp.Or(m.unread, err)
		return page, errUnread
	}
	return page, nil
}

// refusal returns how the server refused an operation, nil where it did not, or where
// the conversation failed. It takes an answer that cannot be read for a refusal, since
// that tells no more.
func (m *eptReader) refusal(page rpc.Page, err error) *rpc.Refusal {
	status, fault := errors.AsType[rpc.Status](err)
	switch {
	case fault:
		return status.Refusal()
	case errors.Is(err, errUnread):
		return &rpc.Refusal{Text: err.Error()}
	case err != nil || page.Status == 0 || page.Status == rpc.NotRegistered:
		return nil
	}
	r := rpc.Status(page.Status).Refusal()
	r.Text = "status " + rpc.StatusText(r.Status)
	return r
}

// stop notes that the server broke the listing off. A server that refuses all of the
// listing and gives no other reason refuses our question.
func (m *eptReader) stop(r *rpc.Refusal) {
	if m.entries > 0 {
		m.peer.Facts[FactLookup] = "stopped: " + r.Text
		return
	}
	m.peer.Facts[FactLookup] = "denied: " + r.Text
	m.peer.turnAway(r.Text, cmp.Or(r.Why, wire.OurQuestion))
}

// ask looks for one interface with ept_map. A server that does not know the operation
// has said all that it can say with a complete listing.
func (m *eptReader) ask(i catalog.Interface) error {
	stub, err := rpc.MapRequest(i)
	if err != nil {
		return fmt.Errorf("mapping %s: %w", i.Name, err)
	}
	page, err := m.page(rpc.OpMap, stub, rpc.MapPage)
	refusal := m.refusal(page, err)
	switch {
	case refusal != nil && refusal.Status == rpc.BadOperation && m.complete:
		m.absent = append(m.absent, i.Name)
		return nil
	case refusal != nil:
		m.denied = append(m.denied, i.Name+" "+refusal.Text)
		return nil
	case err != nil:
		return err
	}
	m.peer.turnAway("", "") // it does answer, only not for the whole map
	m.take(page)
	if m.has(i) {
		m.hidden = append(m.hidden, i.Name)
	} else {
		m.absent = append(m.absent, i.Name)
	}
	return nil
}

// take adds the endpoints of a page that are new.
func (m *eptReader) take(page rpc.Page) {
	for _, t := range page.Towers {
		e, err := rpc.ParseTower(t.Octets)
		if err != nil {
			m.malformed++
			continue
		}
		e.Name, e.Annotation = rpc.NameOf(e.UUID, e.Major), t.Annotation
		if !m.seen[e] && len(m.seen) < eptMaxEntries {
			m.seen[e] = true
			m.peer.Endpoints = append(m.peer.Endpoints, e)
		}
	}
}

// has reports whether the wanted interface is known to listen on TCP.
func (m *eptReader) has(i catalog.Interface) bool {
	for _, e := range m.peer.Endpoints {
		if e.Interface().Serves(i) && e.Sequence == "ncacn_ip_tcp" {
			return true
		}
	}
	return false
}

// state puts the counts and lists into the peer's facts.
func (m *eptReader) state() {
	maps.Copy(m.peer.Facts, factsOf(m.peer.Endpoints, m.dialed))
	m.peer.Facts[FactEntries] = strconv.Itoa(m.entries)
	if m.malformed > 0 {
		m.peer.Facts[FactMalformedEntries] = strconv.Itoa(m.malformed)
	}
	if len(m.hidden) > 0 {
		m.peer.Facts[FactHidden] = strings.Join(m.hidden, ", ")
	}
	if len(m.denied) > 0 {
		m.peer.Facts[FactMap] = "denied: " + strings.Join(m.denied, ", ")
	}
}

func interfaceNames(all []catalog.Interface) []string {
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}
