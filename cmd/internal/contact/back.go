// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol/wire"
)

// A Back is this end as a listener of its own, which far ends check in turn: Exchange servers
// connect to each other.
type Back struct {
	Version, Role string // what this machine will be

	Openings func() []far.Opening                                  // what it has open
	Expect   func(source netip.Addr, token string) (forget func()) // as that of a Desk
	Record   func(source netip.Addr, token string) far.Record      // as that of a Desk
	Wanted   func(from string) ([]catalog.Check, error)            // what a far end of this kind should ask; nil if any report will do
}

// A Return asks the far end to check back.
type Return struct {
	To      netip.Addr    `json:"-"`       // the near end, as the far end sees it: nothing else is ever asked
	From    netip.Addr    `json:"-"`       // the far end's own address of the contact, from which it asks
	Token   string        `json:"token"`   // that the near end looks for in the questions
	Version string        `json:"version"` // of Exchange, that the near end stands in for
	Role    string        `json:"role"`
	Ports   []far.Opening `json:"ports"` // what the near end has, for ports of other programs and interfaces without an endpoint mapper
}

// Reversed tells that a far end has checked back. The report is hostile until it was read by
// package saved, and may add rows to ours.
type Reversed struct {
	Listener
	Of     netip.Addr // this machine, as the far end asked it
	Report []byte     // as exreach writes it in JSON
	Record far.Record // what arrived here meanwhile

	Wanted func(from string) ([]catalog.Check, error) // as that of Back
}

// Unreversed tells that a far end did not check back, and why.
type Unreversed struct {
	Listener
	Err error
}

func (Reversed) event()   {}
func (Unreversed) event() {}

// returnTime bounds a check back.
const returnTime = 5 * time.Minute

// checkBack has the far end check this one, over a contact of its own.
func (p *proving) checkBack(ctx context.Context) {
	back := p.stage.Back
	if back == nil {
		return
	}
	found, err := p.askBack(ctx, *back)
	if err != nil {
		p.contact.Back = err.Error()
		p.stage.tell(Unreversed{p.at, err})
		return
	}
	p.stage.tell(found)
}

func (p *proving) askBack(ctx context.Context, back Back) (Reversed, error) {
	token := newToken() // tells what comes from what we sent
	defer back.Expect(p.at.Address, token)()
	s := p.knock(ctx, p.code)
	if s == nil {
		return Reversed{}, errors.New("the contact did not come about again")
	}
	defer hangUp(s)
	defer within(ctx, s.conn, returnTime)()
	a, err := s.request(request{Do: doReturn, Token: p.token, Return: &Return{Token: token, Version: back.Version, Role: back.Role, Ports: back.Openings()}})
	if err != nil {
		return Reversed{}, err
	}
	if len(a.Report) == 0 {
		return Reversed{}, errors.New("the far end sent no report")
	}
	return Reversed{p.at, p.contact.Seen.Addr(), a.Report, back.Record(p.at.Address, token), back.Wanted}, nil
}

// request sends a request, and returns the answer unless it is an error.
func (s *session) request(r request) (answer, error) {
	var a answer
	if err := s.send(r); err != nil {
		return a, err
	}
	if err := s.receive(answerLimit, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, fmt.Errorf("the far end says: %s", wire.Printable(a.Error, 200))
	}
	a.Report = bytes.TrimSpace(a.Report)
	return a, nil
}
