// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

func saidBy(address string) func(*probe.Result) {
	return func(r *probe.Result) { r.SaidBy = netip.MustParseAddr(address) }
}

func silence(d probe.Delivery) func(*probe.Result) {
	return scene.All(scene.Verdict(probe.Silent, "no answer"), func(r *probe.Result) { r.Silence = &probe.Silence{Delivery: d} })
}

// asksOf returns what to ask for of one host.
func asksOf(entries []content.Entry, r content.Report) []content.Ask {
	var list content.AskList
	list.Add(entries, content.Head{Report: r})
	return list.All()
}

// askedFor returns what to ask for of a host, a line each. Where it lives, another port of it
// answers.
func askedFor(lives bool, changes ...func(*probe.Result)) []string {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.10", From: "client"}
	fromHere := func(r *probe.Result) { r.Source = netip.MustParseAddr("10.9.9.9") }
	if lives {
		s.Add("owa", 443, fromHere)
	}
	for i, change := range changes {
		s.Add(fmt.Sprintf("service%d", i), 25, scene.All(fromHere, change))
	}
	r := draft(s.Results)
	var lines []string
	for _, a := range asksOf(r.Results, r) {
		lines = append(lines, fmt.Sprintf("%s %s > %s %d/%s %s: %s", a.Action, a.Source, a.Address, a.Port, a.Network, strings.Join(a.Services, "+"), a.Observation))
	}
	return lines
}

var (
	noReply  = scene.Verdict(probe.TimedOut, "no reply")
	refused  = scene.Verdict(probe.Refused, "refused")
	forbids  = scene.Verdict(probe.Prohibited, "prohibited")
	noWay    = scene.Verdict(probe.Unreachable, "unreachable")
	optional = scene.Want(catalog.Optional)
	mustNot  = scene.Want(catalog.Forbidden)
)

// A firewall is asked for what it can have caused.
func TestAsks(t *testing.T) {
	const allow = "allow 10.9.9.9 > 10.0.0.10 25/tcp service0: "
	for name, test := range map[string]struct {
		lives  bool
		change func(*probe.Result)
		want   string
	}{
		"no reply":            {true, noReply, allow + "no reply, while other ports of the address answer"},
		"no reply, witness":   {true, scene.All(noReply, witness(true)), allow + "no reply, while 443/tcp of the same address answers"},
		"no reply, optional":  {true, scene.All(noReply, optional), allow + "no reply, while other ports of the address answer"},
		"no reply at all":     {false, noReply, allow + "no reply at any port of the address: it may also be that the host is down"},
		"no reply over UDP":   {true, scene.All(noReply, overUDP), "allow 10.9.9.9 > 10.0.0.10 25/udp service0: no reply, while other ports of the address answer (over UDP, the service may not answer strangers)"},
		"dynamic port":        {true, scene.All(noReply, scene.Child("owa")), allow + "no reply, while other ports of the address answer"},
		"prohibited":          {true, forbids, allow + "a device on the path says that a rule forbids it (ICMP administratively prohibited)"},
		"prohibited by":       {false, scene.All(forbids, saidBy("10.1.1.1")), allow + "10.1.1.1 says that a rule forbids it (ICMP administratively prohibited)"},
		"prohibited by host":  {true, scene.All(forbids, saidBy("10.0.0.10")), allow + "the host itself says that a rule forbids it (ICMP administratively prohibited)"},
		"refused on the path": {true, scene.All(refused, saidBy("10.1.1.1")), allow + "10.1.1.1 refuses it in the host's place"},
		"unreachable port":    {true, scene.All(noWay, saidBy("10.1.1.1")), allow + "10.1.1.1 reports it as unreachable, while other ports of the host answer"},
		"lost after connect":  {true, silence(probe.NotArrived), allow + "the connection opens, and what is sent on it never arrives: one firewall must see both directions, and pass packets of open connections"},
		"answer lost":         {true, silence(probe.AnswerLost), allow + `the connection opens, and large packets of the answer are lost: ICMP "fragmentation needed" and "packet too big" must get through`},
		"exposed":             {true, mustNot, "block 10.9.9.9 > 10.0.0.10 25/tcp service0: a connection succeeds (answered)"},
		"exposed over UDP":    {true, scene.All(mustNot, overUDP), "block 10.9.9.9 > 10.0.0.10 25/udp service0: it answers (answered)"},
		"no way, by the host": {false, scene.All(noWay, saidBy("10.0.0.10")), allow + "the host itself reports it as unreachable"},
		"exposed to another":  {true, scene.All(mustNot, scene.Verdict(probe.Mismatch, "not SMTP")), "block 10.9.9.9 > 10.0.0.10 25/tcp service0: a connection succeeds (mismatch)"},
		"stops after": {true, scene.All(noReply, func(r *probe.Result) { r.Trace = &hops.Trace{Path: scene.Way(25, "10.1.1.1", "-")} }),
			allow + "no reply, while other ports of the address answer; stops after 10.1.1.1"},
		"as wanted":           {true, func(*probe.Result) {}, ""},
		"closed, as wanted":   {true, scene.All(mustNot, noReply), ""},
		"off":                 {true, scene.All(noReply, scene.Want(catalog.Off)), ""},
		"refused":             {true, refused, ""},
		"refused by the host": {true, scene.All(refused, saidBy("10.0.0.10")), ""},
		"host gone":           {false, scene.All(noWay, saidBy("10.1.1.1")), ""},
		"shunned":             {true, scene.All(noReply, witness(false)), ""},
		"limit":               {true, scene.All(noReply, func(r *probe.Result) { r.Crowded = &probe.Crowded{Verdict: probe.TimedOut, Open: 4} }), ""},
		"held":                {true, silence(probe.Held), ""},
		"window shut":         {true, silence(probe.WindowShut), ""},
		"silent":              {true, scene.Verdict(probe.Silent, "no answer"), ""},
		"unresolved":          {false, scene.All(scene.Verdict(probe.Unresolved, "no address"), func(r *probe.Result) { r.Address = netip.Addr{} }), ""},
		"not asked":           {true, scene.All(scene.Verdict(probe.Untried, "denied"), func(r *probe.Result) { r.Obstacle = probe.Denied }), ""},
		"this machine":        {true, scene.All(noReply, func(r *probe.Result) { r.Source = r.Address }), ""},
		"way is clear":        {true, scene.All(noReply, func(r *probe.Result) { r.Trace = &hops.Trace{Path: scene.Way(25, "10.1.1.1", "10.0.9.9!accepted")} }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(askedFor(test.lives, test.change), "\n"); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func overUDP(r *probe.Result) { r.Check.Service.Network, r.Check.Service.Protocol = catalog.UDP, "dns" }

func witness(answers bool) func(*probe.Result) {
	return func(r *probe.Result) { r.Witness = &probe.Witness{Port: 443, Answers: answers} }
}

// A host is not called down where a device on the path speaks for it.
func TestAsksWhereADeviceForbids(t *testing.T) {
	got := askedFor(false, scene.All(forbids, saidBy("10.1.1.1")), scene.All(noReply, func(r *probe.Result) { r.Port = 587 }))
	want := "allow 10.9.9.9 > 10.0.0.10 587/tcp service1: no reply, while a device on the path forbids other ports of the address"
	if len(got) != 2 || got[1] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A port is not another port: where only its own socket was heard, no other answers.
func TestAsksDoNotCallAPortAnother(t *testing.T) {
	for _, test := range []struct {
		other func(*probe.Result)
		want  string
	}{
		{func(*probe.Result) {}, "no reply"},
		{scene.All(forbids, saidBy("10.1.1.1")), "no reply"},
		{func(r *probe.Result) { r.Port = 587 }, "no reply, while other ports of the address answer"},
		{overUDP, "no reply, while other ports of the address answer"},
	} {
		got := askedFor(false, noReply, test.other)
		if len(got) == 0 || !strings.HasSuffix(got[0], ": "+test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if got := askedFor(false, scene.All(noWay, saidBy("10.1.1.1")), func(*probe.Result) {}); got != nil {
		t.Errorf("only the port itself answers, and it is asked for: %q", got)
	}
}

// From a selection nothing is asked to be blocked: what was left out may want the port.
func TestAsksOfASelection(t *testing.T) {
	exposed, blocked := blockedPort("mail01", "ad-lds"), blockedPort("mail01", "smtp")
	exposed.Want, exposed.Verdict, exposed.Port = "forbidden", "answered", 50389
	for partial, want := range map[bool]int{false: 2, true: 1} {
		exposed.Partial, blocked.Partial = partial, partial
		got := asksOf([]content.Entry{exposed, blocked}, content.Report{})
		if len(got) != want || got[len(got)-1].Action != content.Allow {
			t.Errorf("partial %t: %+v", partial, got)
		}
	}
}

// The services of a port are asked for at once, and only those that are wanted.
func TestAsksJoinServices(t *testing.T) {
	got := askedFor(true, noReply, scene.All(noReply, optional), scene.All(noReply, mustNot), noReply)
	want := []string{"allow 10.9.9.9 > 10.0.0.10 25/tcp service0+service1+service3: no reply, while other ports of the address answer"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// A port is not blocked while something that is wanted uses it.
func TestAsksSpareWhatIsWanted(t *testing.T) {
	if got := askedFor(true, mustNot, optional); got != nil {
		t.Errorf("got %q", got)
	}
}

// A device that accepts every connection opens no port of the server.
func TestAsksWhereEverythingAnswers(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.10", From: "internet"}
	controlPort(s, func(*probe.Result) {})
	s.Add("remote-desktop", 3389, mustNot)
	r := draft(s.Results)
	if got := asksOf(r.Results, r); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestAskReasons(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.10", From: "client"}
	s.Add("owa", 443, nil)
	s.Add("smtp", 25, noReply)
	s.Add("relay", 25, scene.All(noReply, optional))
	s.Add("irc", 6667, scene.All(noReply, func(r *probe.Result) { r.Check.Version, r.Check.Service.Role = "", "" }))
	s.Add("mapi", 60000, scene.All(noReply, scene.Child("owa")))
	s.Add("pop3", 110, scene.All(noReply, func(r *probe.Result) { r.Check.Service.OneOf = "mailbox-access" }))
	s.Add("ad-lds", 50389, mustNot)
	r := draft(s.Results)
	got := map[uint16]string{}
	for _, a := range asksOf(r.Results, r) {
		got[a.Port] = a.Reason
		if a.Machine != "admin01" || !a.At.Equal(scene.Began) || a.Source != "" {
			t.Errorf("%+v", a)
		}
	}
	want := map[uint16]string{
		25:    "required by Exchange 2019 mailbox for client; optional at Exchange 2019 mailbox for client",
		110:   "required by Exchange 2019 mailbox for client (one of mailbox-access is enough)",
		6667:  "the check named the port",
		60000: "required by Exchange 2019 mailbox for client (a dynamic port, which owa named: it may be another after a restart)",
		50389: "must not be open at Exchange 2019 mailbox for client",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// blockedPort is an entry of a host that a firewall can have caused.
func blockedPort(host, service string) content.Entry {
	return content.Entry{
		Host: host, Version: "2019", Role: "edge", Service: service, Network: "tcp", Port: 25, Address: "10.0.0.10", Source: "10.9.9.9",
		Want: "required", Verdict: "timed-out", Grade: "fail",
	}
}

// An address that two hosts have is asked for once, and what a joined report shows comes from
// its own run.
func TestAskList(t *testing.T) {
	r := content.Report{Runs: []content.Run{{Machine: "pc01", From: "client"}, {Machine: "pc02", From: "internet", Started: scene.Began}}}
	one, two, other := blockedPort("mail01", "smtp"), []content.Entry{blockedPort("mail02", "smtp"), blockedPort("mail02", "relay")}, blockedPort("mail01", "smtp")
	one.Run, two[0].Run, two[1].Run, other.Run = 1, 1, 1, 2
	two[1].Want = "optional"
	var list content.AskList
	for _, entries := range [][]content.Entry{{one}, {other}, two, {one}} {
		list.Add(entries, content.Head{Report: r})
	}
	want := content.Ask{
		Action: content.Allow, Machine: "pc01", Source: "10.9.9.9", Host: "mail01, mail02", Address: "10.0.0.10", Network: "tcp", Port: 25, Services: []string{"smtp", "relay"},
		Reason:      "required by Exchange 2019 edge for client; optional at Exchange 2019 edge for client",
		Observation: "no reply at any port of the address: it may also be that the host is down",
	}
	second := want
	second.Machine, second.Host, second.Services, second.At, second.Reason = "pc02", "mail01", []string{"smtp"}, scene.Began, "required by Exchange 2019 edge for internet"
	if diff := cmp.Diff([]content.Ask{want, second}, list.All()); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// Of several runs of the same source, the newest that saw a port decides, in whichever order
// they come. Runs without a start decide nothing.
func TestAskListOfSeveralRuns(t *testing.T) {
	r := content.Report{Runs: []content.Run{
		{Machine: "pc01", Started: scene.Began}, {Machine: "pc01", Started: scene.Began.Add(time.Hour)}, {Machine: "pc01"}, {Machine: "pc02", Started: scene.Began.Add(time.Hour)},
	}}
	seen := func(run int, v probe.Verdict, changes ...func(*content.Entry)) content.Entry {
		e := blockedPort("mail01", "smtp")
		if e.Run, e.Verdict = run, v; v == probe.Answered {
			e.Grade = judge.Pass
		}
		for _, change := range changes {
			change(&e)
		}
		return e
	}
	exposed := func(e *content.Entry) {
		if e.Want, e.Grade = catalog.Forbidden, judge.Pass; e.Verdict == probe.Answered {
			e.Grade = judge.Fail
		}
	}
	from := func(source string) func(*content.Entry) { return func(e *content.Entry) { e.Source = source } }
	lost := func(e *content.Entry) { e.Silence = probe.NotArrived }
	const first, second = "09:30", "10:30"
	for name, test := range map[string]struct {
		entries []content.Entry
		want    string // when what is asked for was seen; "" if nothing is
	}{
		"mended":                 {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Answered)}, ""},
		"closed, so not blocked": {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Refused)}, ""},
		"broke":                  {[]content.Entry{seen(1, probe.Answered), seen(2, probe.TimedOut)}, second},
		"blocked twice":          {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Prohibited)}, second},
		"lost behind connect":    {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Silent, lost)}, second},
		"not asked again":        {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Untried)}, first},
		"another port":           {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Answered, func(e *content.Entry) { e.Port = 587 })}, first},
		"without a start":        {[]content.Entry{seen(1, probe.TimedOut), seen(3, probe.Answered)}, first},
		"before it is not known": {[]content.Entry{seen(3, probe.TimedOut), seen(2, probe.Answered)}, "00:00"},
		"another source":         {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Answered, from("10.8.8.8"))}, first},
		"no source":              {[]content.Entry{seen(1, probe.TimedOut, from("")), seen(2, probe.Answered)}, ""},
		"same source":            {[]content.Entry{seen(1, probe.TimedOut), seen(4, probe.Answered)}, ""},
		"no source, another pc":  {[]content.Entry{seen(1, probe.TimedOut), seen(4, probe.Answered, from(""))}, first},
		"one service mended":     {[]content.Entry{seen(1, probe.TimedOut), seen(2, probe.Answered), seen(2, probe.TimedOut)}, second},
		"closed since":           {[]content.Entry{seen(1, probe.Answered, exposed), seen(2, probe.Refused, exposed)}, ""},
		"filtered since":         {[]content.Entry{seen(1, probe.Answered, exposed), seen(2, probe.TimedOut, exposed)}, ""},
		"still open":             {[]content.Entry{seen(1, probe.Answered, exposed), seen(2, probe.Answered, exposed)}, second},
		"open again":             {[]content.Entry{seen(1, probe.TimedOut, exposed), seen(2, probe.Answered, exposed)}, second},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				var list content.AskList
				for _, e := range test.entries {
					list.Add([]content.Entry{e}, content.Head{Report: r})
				}
				var times []string
				for _, a := range list.All() {
					times = append(times, a.At.Format("15:04"))
				}
				if got := strings.Join(times, " "); got != test.want {
					t.Errorf("asks seen at %q, want %q", got, test.want)
				}
				slices.Reverse(test.entries)
			}
		})
	}
	got := asksOf([]content.Entry{seen(1, probe.TimedOut)}, r)[0].Observation
	var list content.AskList
	list.Add([]content.Entry{seen(2, probe.Prohibited)}, content.Head{Report: r})
	list.Add([]content.Entry{seen(1, probe.TimedOut)}, content.Head{Report: r})
	if last := list.All()[0].Observation; last == got || !strings.Contains(last, "forbids") {
		t.Errorf("the observation is not of the newest run: %s", last)
	}
}

// A port is not blocked while another host of the address needs it from the same machine,
// whichever host comes first.
func TestAskListSparesWhatAnotherHostNeeds(t *testing.T) {
	exposed, needed := blockedPort("mail01", "smtp"), blockedPort("relay01", "smtp")
	exposed.Want, exposed.Verdict = "forbidden", "answered"
	needed.Want, needed.Verdict, needed.Grade = "optional", "answered", "pass"
	r := content.Report{Runs: []content.Run{{Machine: "pc01"}, {Machine: "pc02"}}}
	for _, test := range []struct{ first, second, run, asks int }{{0, 1, 1, 0}, {1, 0, 1, 0}, {0, 1, 2, 1}, {1, 0, 2, 1}} {
		exposed.Run, needed.Run = 1, test.run
		both := []content.Entry{exposed, needed}
		var list content.AskList
		list.Add(both[test.first:test.first+1], content.Head{Report: r})
		list.Add(both[test.second:test.second+1], content.Head{Report: r})
		if got := list.All(); len(got) != test.asks {
			t.Errorf("%+v: got %+v", test, got)
		}
	}
}

// A line has room for some of the hosts that share an address. It counts the others.
func TestAskListOfManyHosts(t *testing.T) {
	var list content.AskList
	const hosts = 1000
	for i := range hosts {
		name := fmt.Sprintf("mail%04d.contoso.com", i)
		list.Add([]content.Entry{blockedPort(name, "smtp"), blockedPort(name, "relay")}, content.Head{})
	}
	got := list.All()[0].Host
	named := strings.Count(got, "contoso")
	if want := fmt.Sprintf(" and %d more", hosts-named); !strings.HasSuffix(got, want) || len(got) > 5000 {
		t.Errorf("%d hosts named, wanted %q at the end of %s", named, want, got)
	}
}

// Of a selection of hosts, nothing is asked to be blocked: a host that is not in it may have the
// same address.
func TestAsksOfSomeHosts(t *testing.T) {
	s := &scene.Scene{Host: "edge", Version: "2019", Role: "edge", Address: "10.0.9.9", From: "internet"}
	s.Add("ad-lds", 50389, scene.Want(catalog.Forbidden))
	entries := draft(s.Results).Results
	for partial, want := range map[bool]int{false: 1, true: 0} {
		var list content.AskList
		list.Add(entries, content.Head{Partial: partial})
		if got := len(list.All()); got != want {
			t.Errorf("partial %t: %d asks, want %d", partial, got, want)
		}
	}
}
