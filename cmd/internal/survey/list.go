// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/hostlist"
)

// A List is a text that names hosts, one a line or in a table, which Listed reads.
type List struct {
	Name string        // for messages
	From io.ReadCloser // closed once it is read
	Pipe bool          // more may come at any time
}

// A hostList yields the hosts of a List while a goroutine reads it.
type hostList struct {
	name    string
	host    func(word string) (string, error) // the host that a word stands for
	asks    func(hostlist.Row) bool           // whether there is anything to ask such a host
	rows    <-chan listRow                    // closed at the end of the list
	tell    func(Event)
	seed    maphash.Seed
	seen    map[uint64]uint64 // hashes of names, and of what is said of them: a long list takes little memory
	again   RepeatedLines     // lines that name a host once more
	idle    NothingAsked      // hosts that are left out
	tabular bool              // rows may say more than names
	wrong   mistakes
	ended   bool // the whole list was read
}

// A listRow is one row of the list, or why there are no more.
type listRow struct {
	hostlist.Row
	tabular bool
	err     error
}

// read starts a goroutine that reads the list, until ctx ends, and then closes it.
func (l List) read(ctx context.Context, k taker, host func(word string) (string, error), tell func(Event)) *hostList {
	rows := make(chan listRow)
	// The end of ctx does not end a read from a pipe. This goroutine may hang in
	// one then; the program ends without waiting for it.
	go func() {
		defer l.From.Close()
		if readRows(ctx, hostlist.NewReader(l.From, k.cat, k.from), rows) {
			close(rows)
		}
	}()
	return &hostList{
		name: l.Name, host: host, asks: k.asksAny, rows: rows, tell: tell,
		seed: maphash.MakeSeed(), seen: map[uint64]uint64{},
		again: RepeatedLines{List: l.Name}, idle: NothingAsked{List: l.Name, From: k.from}, wrong: mistakes{list: l.Name},
	}
}

// readRows sends every row of a list until ctx ends. It reports whether the list is over: at
// its end, or at an error.
func readRows(ctx context.Context, list *hostlist.Reader, rows chan<- listRow) (over bool) {
	for {
		row, err := list.Next()
		if err == io.EOF {
			return true
		}
		select {
		case rows <- listRow{row, list.Tabular(), err}:
		case <-ctx.Done():
			return false
		}
		if err != nil {
			return true
		}
	}
}

// next returns the next host with what the list says about it. It skips repeated hosts, hosts
// with nothing to ask, and mistakes, which it keeps in l.wrong. more is false at the end, and when ctx ends.
func (l *hostList) next(ctx context.Context) (host hostlist.Row, more bool) {
	for {
		var row listRow
		select {
		case row, more = <-l.rows:
		case <-ctx.Done():
			return host, false
		}
		if !more {
			l.end()
			return host, false
		}
		l.tabular = row.tabular
		if row.Host = l.hostIn(row); row.Host != "" {
			return row.Row, true
		}
	}
}

// end tells what was passed over.
func (l *hostList) end() {
	if l.again.Lines > 0 {
		l.tell(l.again)
	}
	if l.idle.Hosts > 0 {
		l.tell(l.idle)
	}
	l.seen, l.ended = nil, true
}

// hostIn returns the host that a row names, or "" if the row names no host to check.
func (l *hostList) hostIn(row listRow) string {
	name := ""
	switch err := row.err; {
	case err != nil:
		l.wrong.add(row.Line, err)
		return ""
	case row.Host != "":
		if name, err = l.host(row.Host); err != nil {
			l.wrong.add(row.Line, err)
		}
	}
	for _, w := range row.Wrong {
		l.wrong.add(row.Line, &Mistake{w.Err, w.Hint})
	}
	if name == "" || row.Wrong != nil || l.isRepeated(name, row.Row) {
		return ""
	}
	if _, _, given := splitPort(name); !given && !l.asks(row.Row) {
		if l.idle.Hosts++; l.idle.Hosts == 1 {
			l.idle.First, l.idle.Line, l.idle.Role, l.idle.Version = name, row.Line, row.Roles[0], row.Version
		}
		return ""
	}
	return name
}

// isRepeated reports whether an earlier row named the host. If that row said something else
// about it, such as another role, it is a mistake. Ports of a host count separately.
func (l *hostList) isRepeated(name string, row hostlist.Row) bool {
	says := uint64(0)
	if row.Says() {
		says = maphash.String(l.seed, fmt.Sprint(row.Version, row.Roles, row.Site, row.Labels))
	}
	before, repeated := l.see(name, says)
	if host, _, given := splitPort(name); given && !repeated {
		before, _ = l.see(host+":", says) // which stands for all ports of the host
	}
	switch {
	case before != says:
		l.wrong.add(row.Line, mistake("name each host once, with all its roles in one row (Mailbox, ClientAccess), or say the same of it in each row",
			"host %q: an earlier row names it and says something else about it", catalog.Shown(name)))
		return true
	case repeated:
		if l.again.Lines++; l.again.Lines == 1 {
			l.again.First, l.again.Line = name, row.Line
		}
	}
	return repeated
}

// see notes what is said of a name, and returns what was said of it first.
func (l *hostList) see(name string, says uint64) (first uint64, again bool) {
	key := maphash.String(l.seed, strings.ToLower(name))
	if first, again = l.seen[key]; !again {
		l.seen[key], first = says, says
	}
	return first, again
}

// asksAny reports whether the roles of a row have a service for k.from. It returns true if
// the row leaves out the version or the roles, or if k.from is not known: that is no mistake
// of the row.
func (k taker) asksAny(row hostlist.Row) bool {
	return row.Version == "" || row.Roles == nil ||
		slices.ContainsFunc(row.Roles, func(role string) bool { return k.asks(row.Version, role) }) ||
		!slices.ContainsFunc(catalog.Froms, func(f catalog.From) bool { return f.Name == k.from })
}

// described returns the host of a row in all its roles: h with what the row says. It leaves
// out roles of which k.from asks nothing, which a host has beside others. A port that the user
// named is asked once, in the one role or in any.
func (k taker) described(h catalog.Host, row hostlist.Row) (roles []catalog.Host) {
	if row.Version != "" {
		h.Version = row.Version
	}
	h.Site, h.Labels = row.Site, row.Labels
	if h.Ports != nil && len(row.Roles) > 1 {
		h.Role = ""
		return []catalog.Host{h}
	}
	for _, role := range row.Roles {
		if row.Version == "" || k.asks(row.Version, role) {
			h.Role = role
			roles = append(roles, h)
		}
	}
	if roles == nil {
		roles = []catalog.Host{h}
	}
	return roles
}
