// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/socket"
)

// A dialer connects over TCP.
type dialer func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

// dialersOf returns how a pool connects, and how it does so in small segments: nil where
// the system has none, or the pool does not use the system.
func dialersOf(pool probe.Pool) (dial, small dialer) {
	by := pool.Dial
	if by == nil {
		by, small = socket.Dialer(pool.Source), socket.SmallDialer(pool.Source)
	}
	return func(ctx context.Context, to netip.AddrPort) (net.Conn, error) { return by(ctx, catalog.TCP, to) }, small
}

// errStalled says that a connection came about, and its other end fell silent.
var errStalled = errors.New("connected, and the answer did not come in time")

// stalled returns err, as errStalled if it is a deadline that passed before ctx ended.
func stalled(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return errStalled
	}
	return err
}

// call makes the contact at one port. Where it stalls, the path may lose large packets: the
// first time, it is made again in small segments.
func (p *proving) call(ctx context.Context, w way, code Code) (*session, error) {
	s, err := p.callBy(ctx, p.dial, w, code)
	if p.small == nil || !errors.Is(err, errStalled) {
		return s, err
	}
	small := p.small
	p.small = nil
	if s, again := p.callBy(ctx, small, w, code); again == nil {
		p.dial, p.lost = small, true
		return s, nil
	}
	return nil, err
}

func (p *proving) callBy(ctx context.Context, dial dialer, w way, code Code) (*session, error) {
	limited, stop := context.WithTimeout(ctx, cmp.Or(p.pool.Timeouts.Connect, dialTime))
	defer stop()
	conn, err := dial(limited, netip.AddrPortFrom(p.at.Address, w.port))
	if err != nil {
		return nil, err
	}
	s, err := meet(ctx, conn, p.at.Host, w.service, code)
	if err != nil {
		_ = conn.Close()
		return nil, stalled(ctx, err)
	}
	return s, nil
}

// ask sends a request, learns from the answer, and hangs up. The answer is larger than all
// that came before it: if it does not come, it is asked for once more in small segments.
func (p *proving) ask(ctx context.Context, s *session, do string) error {
	limit := requestTime
	if do == doBegin && p.small != nil {
		limit = beginTime
	}
	w, err := s.ask(ctx, do, p.token, limit)
	hangUp(s)
	if p.small != nil && errors.Is(stalled(ctx, err), errStalled) {
		usual := p.dial
		p.dial, p.small, p.lost = p.small, nil, true
		if s = p.knock(ctx, p.code); s == nil {
			return fmt.Errorf("the answer did not come: %w", err)
		}
		if w, err = s.ask(ctx, do, p.token, requestTime); err != nil {
			p.dial, p.lost = usual, false
		}
		hangUp(s)
	}
	if err != nil {
		return err
	}
	p.learn(s.local, w)
	return nil
}

// lossNote is what there is to say of large packets that were lost; "" if none were.
func (p *proving) lossNote() string {
	if !p.lost {
		return ""
	}
	return "The answers of the contact came in small packets only: the MTU of the path is smaller than that of this machine, and the ICMP messages that would say so are dropped."
}
