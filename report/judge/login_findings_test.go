// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"exreach/probe"
	"exreach/probe/protocol"
)

// loggedIn is a service at which these logins were tried, and what the fact says.
func loggedIn(auth string, logins ...protocol.Login) change {
	return func(r *probe.Result) {
		r.Peer = &protocol.Peer{Facts: map[string]string{"auth": auth}, Logins: logins}
	}
}

func refusedLogin(method, said string) protocol.Login {
	return protocol.Login{Method: method, Outcome: protocol.Denied, Said: said}
}

func acceptedLogin(method string) protocol.Login {
	return protocol.Login{Method: method, Outcome: protocol.Accepted}
}

var loginTests = []findingTest{
	{"credentials-refused", Warn, loggedIn("simple: refused: 49 Invalid Credentials; ntlm: not tried: refused before", refusedLogin("simple", "49 Invalid Credentials")),
		loggedIn("simple: accepted; ntlm: not offered", acceptedLogin("simple")), []string{"(simple): 49 Invalid Credentials.", "locked"}},
	{"credentials-refused", Warn, loggedIn("plain: not offered; login: refused: 535 5.7.3", refusedLogin("login", "535 5.7.3")),
		loggedIn("login: not possible: 454 try later"), []string{"(login): 535"}},
	{"credentials-refused", Warn, loggedIn("login: refused: locked", protocol.Login{Method: "login", Outcome: protocol.Locked, Said: "locked"}), nil, nil},
	{"credentials-unused", Pass, loggedIn("login: not tried: no TLS"), loggedIn("simple: not tried: no TLS; ntlm: accepted", acceptedLogin("ntlm")),
		[]string{"no TLS.", "inside TLS"}},
	{"credentials-unused", Pass, loggedIn("not offered"), loggedIn("session: refused: 0xc000006d", refusedLogin("session", "0xc000006d")), nil},
}
