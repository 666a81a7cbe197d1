// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"

	"exreach/probe/protocol/wire"
)

// A Refusal is how a server turned down a bind or a call.
type Refusal struct {
	Text   string
	Why    wire.Reason
	Status Status // of a fault; 0 where it was none
}

// A Status is the status of a fault: why a server did not do what it was asked.
// Client.Call returns it as an error.
type Status uint32

// The statuses of a fault that the code asks about (C706 appendix N; the last
// two are Windows' own, MS-ERREF section 2.2).
const (
	BadOperation     Status = 0x1c010002
	UnknownInterface Status = 0x1c010003
	BadHandle        Status = 0x1c00001a
	accessDenied     Status = 0x00000005
	BadStub          Status = 0x000006f7
)

// statuses are the statuses that a check is likely to meet, and what they mean to a
// client without credentials.
var statuses = map[Status]meaning{
	accessDenied:     {"access denied", wire.NeedsLogin},
	0x00000008:       {"not enough memory", wire.Unavailable},
	0x0000000e:       {"out of memory", wire.Unavailable},
	0x0000045b:       {"a shutdown is in progress", wire.Unavailable},
	0x000005aa:       {"insufficient system resources", wire.Unavailable},
	0x000006b9:       {"out of resources", wire.Unavailable},
	0x000006ba:       {"the RPC server is unavailable", wire.Unavailable},
	0x000006bb:       {"the RPC server is too busy", wire.Unavailable},
	0x000006be:       {"the call failed", wire.Unavailable},
	0x000006d3:       {"unknown authentication service", wire.NeedsLogin},
	0x000006d4:       {"unknown authentication level", wire.NeedsLogin},
	0x000006d8:       {"the endpoint mapper cannot perform the operation", ""},
	BadStub:          {"bad stub data", ""},
	0x00000721:       {"a security package error", wire.NeedsLogin},
	CannotPerform:    {"ept_s_cant_perform_op", ""},
	0x1c000009:       {"nca_s_unspec_reject", ""},
	BadHandle:        {"nca_s_fault_context_mismatch", ""},
	0x1c00001b:       {"nca_s_fault_remote_no_memory", wire.Unavailable},
	0x1c00001d:       {"nca_s_unsupported_authn_level", wire.NeedsLogin},
	0x1c00001f:       {"nca_s_invalid_checksum", wire.NeedsLogin},
	BadOperation:     {"nca_s_op_rng_error", ""},
	UnknownInterface: {"nca_s_unk_if", ""},
	0x1c01000b:       {"nca_s_proto_error", ""},
	0x1c010014:       {"nca_s_server_too_busy", wire.Unavailable},
}

func (s Status) Error() string { return "fault " + StatusText(s) }

// Refusal is the status as a refusal.
func (s Status) Refusal() *Refusal {
	return &Refusal{Text: s.Error(), Why: statuses[s].why, Status: s}
}

// StatusText is the number of a status, with its name where that is known.
func StatusText(s Status) string {
	return wire.Numbered(fmt.Sprintf("0x%08x", uint32(s)), statuses[s].text)
}

// A meaning is what a number in a refusal means: its text, and the reason for us.
type meaning struct {
	text string
	why  wire.Reason
}

// rejections are the reasons to reject a presentation context (C706 section 12.6.3.1,
// p_provider_reason_t), and naks those to reject a whole bind (p_reject_reason_t; the
// last two: MS-RPCE section 2.2.2.5). A server that lets in only clients that log in
// gives the first reason or one of the last two.
var (
	rejections = map[uint16]meaning{
		0: {"reason not specified", wire.NeedsLogin},
		2: {"transfer syntax not supported", ""},
		3: {"local limit exceeded", wire.Unavailable},
	}
	naks = map[uint16]meaning{
		0: {"reason not specified", wire.NeedsLogin},
		1: {"temporary congestion", wire.Unavailable},
		2: {"local limit exceeded", wire.Unavailable},
		4: {"protocol version not supported", ""},
		8: {"authentication type not recognized", wire.NeedsLogin},
		9: {"invalid checksum", wire.NeedsLogin},
	}
)

// bindResult judges the first result of a bind_ack or of an alter_context_resp, which is
// built alike. We ask for one presentation context, so there is no other.
func bindResult(p PDU) (*Refusal, error) {
	r := &Reader{Order: p.Order, Data: p.Body}
	r.octets(8) // the sizes of fragments and the association group
	r.octets(uint32(r.u16()))
	r.align(4)
	count := r.u8()
	r.align(4)
	result, reason := r.u16(), r.u16()
	const acceptance, userRejection, providerRejection, noAbstractSyntax = 0, 1, 2, 1
	switch {
	case r.short || count == 0:
		return nil, notRPC("a " + Types[p.Kind] + " without a result")
	case result == acceptance:
		return nil, nil
	case result == providerRejection && reason == noAbstractSyntax:
		return nil, ErrAbsent
	case result == userRejection:
		return &Refusal{Text: "bind_ack: rejected by the application", Why: wire.NeedsLogin}, nil
	}
	return refusedBind("bind_ack", rejections, reason), nil
}

func bindNak(p PDU) (*Refusal, error) {
	r := &Reader{Order: p.Order, Data: p.Body}
	reason := r.u16()
	if r.short {
		return nil, notRPC("a bind_nak without a reason")
	}
	return refusedBind("bind_nak", naks, reason), nil
}

func refusedBind(answer string, reasons map[uint16]meaning, number uint16) *Refusal {
	r, ok := reasons[number]
	if !ok {
		r.text = fmt.Sprintf("reason %d", number)
	}
	return &Refusal{Text: answer + ": " + r.text, Why: r.why}
}
