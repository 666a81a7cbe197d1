// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A line carries frames from one interface to another.
type line struct {
	name     string // "to-client to to-server"
	from, to *os.File
	channel  *channel
	began    time.Time
	queue    chan frame

	passed, lost, inOutage, overflowed, failed atomic.Int64
}

// A frame is on its way.
type frame struct {
	due   time.Duration // when it arrives, since the line began
	bytes []byte
}

// largest is more bytes than any frame without offloads has.
const largest = 64 << 10

// join opens two interfaces and returns the lines between them.
func join(a, b string, i impairment) ([]*line, error) {
	first, err := openInterface(a)
	if err != nil {
		return nil, err
	}
	second, err := openInterface(b)
	if err != nil {
		return nil, errors.Join(err, first.Close())
	}
	began := time.Now()
	there := &line{name: a + " to " + b, from: first, to: second, channel: newChannel(i, 0), began: began, queue: make(chan frame, i.queue)}
	back := &line{name: b + " to " + a, from: second, to: first, channel: newChannel(i, 1), began: began, queue: make(chan frame, i.queue)}
	return []*line{there, back}, nil
}

// openInterface opens an interface as a file: a read returns a frame that the interface
// receives, and a write sends a frame by it (packet(7)).
func openInterface(name string) (*os.File, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %q: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("interface %q: packet socket: %w (it needs root)", name, err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(ifi.Index), Type: unix.PACKET_MR_PROMISC}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything(), Ifindex: ifi.Index}),
	)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("interface %q: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// everything is ETH_P_ALL in network order, as packet(7) wants it.
func everything() uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
}

// receive decides on every frame that comes in, until the interface is closed.
func (l *line) receive(ctx context.Context) error {
	buffer := make([]byte, largest)
	for {
		n, err := l.from.Read(buffer)
		switch {
		case errors.Is(err, os.ErrClosed) && ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", l.name, err)
		}
		l.take(buffer[:n])
	}
}

// take puts a frame into the queue, or counts what became of it instead.
func (l *line) take(bytes []byte) {
	now := time.Since(l.began)
	due, f := now+l.channel.delay, passes
	if !isPlumbing(bytes) {
		due, f = l.channel.next(now, len(bytes))
	}
	switch f {
	case lost:
		l.lost.Add(1)
		return
	case inOutage:
		l.inOutage.Add(1)
		return
	}
	select {
	case l.queue <- frame{due, slices.Clone(bytes)}:
	default:
		l.overflowed.Add(1)
	}
}

// send lets every frame out when it is due, until ctx ends.
func (l *line) send(ctx context.Context) error {
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-l.queue:
			due.Reset(f.due - time.Since(l.began))
			select {
			case <-ctx.Done():
				return nil
			case <-due.C:
			}
			if _, err := l.to.Write(f.bytes); err != nil {
				l.failed.Add(1)
				continue
			}
			l.passed.Add(1)
		}
	}
}

// String says how many frames passed, and what became of the others.
func (l *line) String() string {
	return fmt.Sprintf("%s: %d passed, %d lost, %d lost in outages, %d too many for the queue, %d not sent",
		l.name, l.passed.Load(), l.lost.Load(), l.inOutage.Load(), l.overflowed.Load(), l.failed.Load())
}
