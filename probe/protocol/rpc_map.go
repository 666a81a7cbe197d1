// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"exreach/catalog"
)

// How much of an endpoint map is read: a busy server has a few hundred entries.
const (
	eptMaxPages   = 64
	eptMaxEntries = 4096
)

// An eptReader gathers what an endpoint mapper says.
type eptReader struct {
	client    *rpcClient
	peer      Peer
	seen      map[Endpoint]bool
	entries   int      // of the listing, equal ones counted too
	malformed int      // towers that could not be read
	hidden    []string // wanted interfaces that only ept_map knows
	denied    []string // wanted interfaces that ept_map does not talk about
}

// readMap lists the whole map, then asks for each wanted interface that the
// listing did not show: filters hide listings, or parts of them.
func (c *rpcClient) readMap(wanted []catalog.Interface) (Peer, error) {
	m := &eptReader{client: c, peer: Peer{Facts: map[string]string{}}, seen: map[Endpoint]bool{}}
	err := m.list()
	for _, i := range wanted {
		if err == nil && !m.has(i) {
			err = m.ask(i)
		}
	}
	m.state()
	return m.peer, err
}

// list pages through ept_lookup. What ends a listing differs: Samba says "not
// registered" after the last entry, others clear the handle.
func (m *eptReader) list() error {
	var from eptHandle
	for range eptMaxPages {
		r, err := m.client.call(eptLookup, lookupRequest(from))
		if status, ok := errors.AsType[rpcStatus](err); ok {
			m.stop(status.Error())
			return nil
		}
		if err != nil {
			return err
		}
		page, err := lookupPage(r)
		if err != nil {
			return err
		}
		m.entries += len(page.towers)
		m.take(page)
		switch {
		case page.status == eptNotRegistered:
			return nil
		case page.status != 0:
			m.stop("status " + statusText(rpcStatus(page.status)))
			return nil
		case page.handle == eptHandle{} || len(page.towers) == 0:
			return nil
		case m.entries >= eptMaxEntries:
			m.peer.Facts["lookup"] = fmt.Sprintf("stopped after %d entries", m.entries)
			return nil
		}
		from = page.handle
	}
	m.peer.Facts["lookup"] = fmt.Sprintf("stopped after %d pages", eptMaxPages)
	return nil
}

// stop notes that the server ended the listing before its end.
func (m *eptReader) stop(why string) {
	if m.entries > 0 {
		m.peer.Facts["lookup"] = "stopped: " + why
		return
	}
	m.peer.Facts["lookup"] = "denied: " + why
	m.peer.Refusal = why
}

// ask looks for one interface with ept_map.
func (m *eptReader) ask(i catalog.Interface) error {
	stub, err := mapRequest(i)
	if err != nil {
		return fmt.Errorf("mapping %s: %w", i.Name, err)
	}
	r, err := m.client.call(eptMap, stub)
	if status, ok := errors.AsType[rpcStatus](err); ok {
		m.denied = append(m.denied, i.Name+" "+status.Error())
		return nil
	}
	if err != nil {
		return err
	}
	page, err := mapPage(r)
	if err != nil {
		return err
	}
	if page.status != 0 && page.status != eptNotRegistered {
		m.denied = append(m.denied, i.Name+" status "+statusText(rpcStatus(page.status)))
		return nil
	}
	m.peer.Refusal = "" // it does answer, only not for the whole map
	m.take(page)
	if m.has(i) {
		m.hidden = append(m.hidden, i.Name)
	}
	return nil
}

// take adds the endpoints of a page that are new.
func (m *eptReader) take(page eptPage) {
	for _, t := range page.towers {
		e, err := decodeTower(t.octets)
		if err != nil {
			m.malformed++
			continue
		}
		e.Name, e.Annotation = nameOf(e.UUID, e.Major), t.annotation
		if !m.seen[e] && len(m.seen) < eptMaxEntries {
			m.seen[e] = true
			m.peer.Endpoints = append(m.peer.Endpoints, e)
		}
	}
}

// has reports whether the wanted interface is known to listen on TCP. A higher
// minor version serves a lower one (C706 section 6.1.2).
func (m *eptReader) has(i catalog.Interface) bool {
	for _, e := range m.peer.Endpoints {
		if e.UUID == i.UUID && e.Major == i.Major && e.Minor >= i.Minor && e.Sequence == "ncacn_ip_tcp" {
			return true
		}
	}
	return false
}

// state puts the counts and lists into the peer's facts.
func (m *eptReader) state() {
	maps.Copy(m.peer.Facts, factsOf(m.peer.Endpoints, dialed(m.client.conn)))
	m.peer.Facts["entries"] = strconv.Itoa(m.entries)
	if m.malformed > 0 {
		m.peer.Facts["malformed"] = strconv.Itoa(m.malformed)
	}
	if len(m.hidden) > 0 {
		m.peer.Facts["hidden"] = strings.Join(m.hidden, ", ")
	}
	if len(m.denied) > 0 {
		m.peer.Facts["map"] = "denied: " + strings.Join(m.denied, ", ")
	}
}
