// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// notRegistered: the endpoint mapper answered and does not list the interface,
// so that there was no port to dial.
func notRegistered(s seen) bool {
	return s.Parent != "" && s.Port == 0 && s.Verdict == probe.Refused
}

func sayNotRegistered(s seen) (text, hint string) {
	name := s.Check.Service.Name
	if rpc := s.Check.Service.RPC; rpc != nil {
		name = fmt.Sprintf("%s (%s)", rpc.Name, rpc.UUID)
	}
	return fmt.Sprintf("The endpoint mapper answers but does not list %s: its service is stopped, or an RPC filter on the path hides it.", name),
		"Start the service on the server; if it is running, look for a firewall that passes only listed RPC interfaces (TMG, ASA DCERPC inspection)."
}

// notTold: the endpoint mapper answered, and would not say where the interface
// listens.
func notTold(s seen) bool { return s.Parent != "" && s.Verdict == probe.Unresolved }

func sayNotTold(s seen) (text, hint string) {
	mapper := s.parent()
	text = "The endpoint mapper answers but does not say where this interface listens, so whether it can be reached is unknown."
	if mapper != nil && mapper.Peer != nil && mapper.Peer.Refusal != "" {
		text += " It said: " + sentence(mapper.Peer.Refusal)
	}
	if mapper != nil && shortOf(seen{Result: *mapper}) {
		return text, rpcBusy
	}
	return text, rpcPolicy
}

// parent is the result that led to this one, or nil.
func (s seen) parent() *probe.Result {
	return s.here().planned[namedRow{s.Check.Service.Role, s.Parent}]
}

// dynamicPortBlocked: the endpoint mapper answered, and the port that it named
// is filtered.
func dynamicPortBlocked(s seen) bool {
	filtered := s.Verdict == probe.TimedOut || s.Verdict == probe.Prohibited
	return s.Parent != "" && filtered
}

func sayDynamicPortBlocked(s seen) (text, hint string) {
	hint = "Open the server's dynamic RPC port range in the firewall, or give the service a static port and open that."
	if s.Check.Service.Note != "" {
		hint += " " + sentence(s.Check.Service.Note)
	}
	if s.Check.Service.Restart != "" {
		hint += " After the change: " + sentence(s.Check.Service.Restart)
	}
	return fmt.Sprintf("The endpoint mapper answers and names %s, which is filtered: the firewall allows the mapper but not the ports that it hands out.",
		s.port()), hint
}

func behindNotAsked(s seen) bool {
	return len(s.Check.Behind) > 0 && s.Verdict != probe.Answered && s.wanted()
}

func sayBehindNotAsked(s seen) (text, hint string) {
	var names []string
	for _, b := range s.Check.Behind {
		names = append(names, b.Service.Name)
	}
	return fmt.Sprintf("Not asked, because only this endpoint mapper knows their ports: %s.", strings.Join(names, ", ")),
		"Fix the endpoint mapper first, then run again."
}

// noneRegistered: the endpoint mapper lists interfaces, and none of those that
// the role must have.
func noneRegistered(s seen) bool {
	required := func(c catalog.Check) bool { return c.Want == catalog.Required }
	return s.speaks("rpc") && slices.ContainsFunc(s.Check.Behind, required) && !slices.ContainsFunc(s.Check.Behind, s.registered)
}

// registered reports whether the endpoint map has the interface of c, in any
// version and over any transport.
func (s seen) registered(c catalog.Check) bool {
	return slices.ContainsFunc(s.Peer.Endpoints, func(e protocol.Endpoint) bool { return e.UUID == c.Service.RPC.UUID })
}

func sayNoneRegistered(s seen) (text, hint string) {
	return fmt.Sprintf("The endpoint mapper answers with %s, but lists none of the interfaces of this role: its services are stopped, "+
			"an RPC filter on the path hides them, or this is another server.", catalog.Count(len(s.Peer.Endpoints), "endpoint")),
		"Check on the server that the services are running (Test-ServiceHealth), and query the mapper from the server's own subnet; " +
			"if it lists them there, look for a firewall that passes only listed RPC interfaces (TMG, ASA DCERPC inspection)."
}
