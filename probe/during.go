// SPDX-License-Identifier: Apache-2.0

package probe

import "exreach/probe/protocol"

// during says at which point of a check a step is, as people say it: "connected,
// but nothing came in the TLS handshake". Spoken is the protocol.
func during(step protocol.Step, spoken string) string {
	switch {
	case step == protocol.Resolve:
		return "while looking up the name"
	case step == protocol.Connect:
		return "while connecting"
	case step == protocol.TLS:
		return "in the TLS handshake"
	case step == protocol.Talk:
		return "in the conversation"
	case protocol.GreetsFirst(spoken):
		return "while exreach waited for its greeting"
	}
	return "while exreach waited for its first answer"
}
