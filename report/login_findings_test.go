// SPDX-License-Identifier: Apache-2.0

package report

var loginTests = []findingTest{
	{"credentials-refused", Warn, fact("auth", "simple: refused: 49 Invalid Credentials; ntlm: not tried: refused before"), fact("auth", "simple: accepted; ntlm: not offered"),
		[]string{"(simple): 49 Invalid Credentials.", "locked"}},
	{"credentials-refused", Warn, fact("auth", "plain: not offered; login: refused: 535 5.7.3 Authentication unsuccessful"), fact("auth", "login: not possible: 454 try later"), []string{"(login): 535"}},
	{"credentials-unused", Pass, fact("auth", "login: not tried: no TLS"), fact("auth", "simple: not tried: no TLS; ntlm: accepted"), []string{"no TLS.", "inside TLS"}},
	{"credentials-unused", Pass, fact("auth", "not offered"), fact("auth", "session: refused: 0xc000006d"), nil},
}
