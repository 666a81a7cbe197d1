// SPDX-License-Identifier: Apache-2.0

package scene

import (
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/tape"
)

// Marked gives an answer the mark of a stand-in.
func Marked(r *probe.Result) {
	if r.Peer == nil {
		r.Peer = &protocol.Peer{}
	}
	r.Peer.StandIn = true
}

// Seen gives a result what the far end saw of it.
func Seen(s far.Sight) func(*probe.Result) { return func(r *probe.Result) { r.Far = &s } }

// Arrived is a connection that arrived at the far end.
func Arrived(from string, received, sent int64) far.Came {
	c := far.Came{From: netip.MustParseAddrPort(from)}
	for flow, n := range map[*tape.Flow]int64{&c.Received: received, &c.Sent: sent} {
		if flow.Bytes = n; n > 0 {
			flow.SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
		}
	}
	return c
}

// whole is what the far end saw of a check of which both ends agree.
var whole = far.Sight{Came: []far.Came{Arrived("198.51.100.7:50123", 71, 284)}, Dropped: -1}

// StandIns is a host at which a stand-in answers, with which there is no contact.
func StandIns() []probe.HostResults {
	s := &Scene{Host: "far01.contoso.com", Version: "se", Role: "mailbox", Address: "192.0.2.41", From: "client"}
	s.Add("smtp", 25, All(Marked, Source, Detail("220 far01.contoso.com exreach stand-in")))
	s.Add("owa", 443, All(Implicit, Certificate(SelfSign), Marked, Source, Detail("302 to /owa/auth/logon.aspx")))
	s.Add("smtp-submission", 587, All(Source, Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s")))
	c := far.Contact{Address: netip.MustParseAddr(s.Address), Failed: far.NoCode, Dropped: -1}
	return []probe.HostResults{{Host: s.Host, Results: s.Results, Contacts: []far.Contact{c}}}
}

// Source makes a result one that was asked from the usual address.
func Source(r *probe.Result) { r.Source = sources[false] }

// WellLinked is a host whose ports all reach the listener and come back unchanged.
func WellLinked() []probe.HostResults {
	s := &Scene{Host: "far01.contoso.com", Version: "se", Role: "mailbox", Address: "192.0.2.41", From: "client"}
	s.Add("smtp", 25, All(Marked, Source, Seen(whole), Detail("220 far01.contoso.com exreach stand-in")))
	s.Add("rpc-endpoint-mapper", 135, All(Source, Seen(far.Sight{Holder: "svchost.exe (RpcSs)", Dropped: -1}), Detail("connected; nothing more was asked")))
	s.Add("owa", 443, All(Implicit, Marked, Source, Seen(whole), Detail("302 to /owa/auth/logon.aspx")))
	c := contactAt(s.Address)
	c.Held = []far.Opening{{Service: "rpc-endpoint-mapper", Network: catalog.TCP, Port: 135, State: far.Held, Holder: "svchost.exe (RpcSs)", Error: "address already in use"}}
	c.Recorded, c.Agree = 2, 2
	return []probe.HostResults{{Host: s.Host, Results: s.Results, Contacts: []far.Contact{c}}}
}

// contactAt is a contact that stands, through a NAT.
func contactAt(address string) far.Contact {
	return far.Contact{
		Address: netip.MustParseAddr(address), Listener: "amber-otter", Tool: "exreach v0.14.0", Host: "FAR01", Over: 443,
		Seen: netip.MustParseAddrPort("203.0.113.9:50999"), Local: netip.MustParseAddrPort("198.51.100.7:50999"), Ahead: 420 * time.Second,
		Opened: []string{"25/tcp", "443/tcp", "587/tcp"}, Dropped: -1, Wall: "Windows Defender Firewall, profile Domain: a rule allows exreach",
	}
}

// BadlyLinked is a host behind every direction, checked as an Exchange server.
func BadlyLinked() []probe.HostResults {
	s := &Scene{Host: "far02.contoso.com", Version: "se", Role: "mailbox", Address: "192.0.2.42", From: "mailbox"}
	lost := Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s")
	halfOpen := Arrived("198.51.100.7:50124", 0, 0)
	halfOpen.HalfOpen = true
	s.Add("smtp", 25, All(Marked, Source, Detail("220 ********"), Seen(far.Sight{
		Direction: far.Changed, At: 4, Was: "far02.contoso.com exreach stand-in", Is: "********", Came: whole.Came, Dropped: -1,
	})))
	s.Add("http", 80, All(Source, Seen(far.Sight{Direction: far.AnsweredByOther, Dropped: -1})))
	s.Add("rpc-endpoint-mapper", 135, All(Source, lost, Seen(far.Sight{Direction: far.NoDirection, Why: far.OtherProgram, Holder: "svchost.exe (RpcSs)", Dropped: -1})))
	s.Add("owa", 443, All(Source, lost, Seen(far.Sight{Direction: far.NeverArrived, Why: far.BeforeHost})))
	s.Add("smb", 445, All(Source, lost, Seen(far.Sight{Direction: far.NeverArrived, Why: far.AtTheHost, Dropped: 6})))
	s.Add("smtp-submission", 587, All(Source, lost, Seen(far.Sight{Direction: far.AnswerLost, Came: []far.Came{halfOpen}, Dropped: -1})))
	s.Add("replication", 64327, All(Marked, Source, Seen(whole)))
	c := contactAt(s.Address)
	c.Host, c.Listener, c.Ahead, c.Recorded, c.Agree = "FAR02", "brave-heron", 0, 3, 1
	c.Refused = []far.Refusal{{Port: 993, Why: "TLS ends at another party there: its certificate is from CN=Proxy CA"}}
	return []probe.HostResults{{Host: s.Host, Place: 1, Results: s.Results, Contacts: []far.Contact{c}}}
}
