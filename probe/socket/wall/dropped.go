// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"strconv"
	"strings"
)

// Dropped returns how many packets this machine has received and given to no protocol since
// it started. Its growth is what the host's own firewall dropped or rejected: on Linux, in a
// network namespace of its own, nft rules in the hooks input and prerouting made it grow by
// exactly the packets dropped, of TCP and UDP, IPv4 and IPv6; traffic to open and closed
// ports, of both, whole and in fragments, made it grow by nothing, and so did unknown
// protocols, addresses of others and broadcasts.
//
// Fragments count one by one where they are dropped before they are put together. A
// multicast of IPv4 to a group that nobody joined counts if the network card lets it in. Of
// IPv6 a multicast that was delivered, like a neighbour's question, hides one packet that
// was dropped: so the number may even fall. A packet that reverse-path filtering dropped
// counts. A machine that forwards does not tell, and no other system does.
func Dropped() (n int64, known bool) { return dropped() }

// undelivered reads /proc/net/snmp and /proc/net/snmp6 (RFC 4293 has the meaning of the
// counters). The second may be empty: IPv6 is switched off.
func undelivered(snmp, snmp6 string) (n int64, known bool) {
	four, ok := counters4(snmp)
	six := counters6(snmp6)
	if !ok || four["Forwarding"] == 1 || six["Ip6OutForwDatagrams"] != 0 {
		return 0, false
	}
	n = four["InReceives"] - four["InDelivers"] + four["ReasmOKs"]
	for _, accounted := range []string{"ReasmReqds", "InHdrErrors", "InAddrErrors", "InUnknownProtos", "InDiscards"} {
		n -= four[accounted]
	}
	n += six["Ip6InReceives"] - six["Ip6InDelivers"] + six["Ip6ReasmOKs"]
	for _, accounted := range []string{"ReasmReqds", "InHdrErrors", "InAddrErrors", "InUnknownProtos", "InDiscards", "InTooBigErrors", "InNoRoutes", "InTruncatedPkts", "InMcastPkts"} {
		n -= six["Ip6"+accounted]
	}
	return n, true
}

// counters4 reads the two lines of /proc/net/snmp that begin with "Ip:": names and numbers.
func counters4(text string) (map[string]int64, bool) {
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] != "Ip:":
		case names == nil:
			names = fields
		case len(fields) != len(names):
			return nil, false
		default:
			all := map[string]int64{}
			for i, name := range names[1:] {
				n, err := strconv.ParseInt(fields[i+1], 10, 64)
				if err != nil {
					return nil, false
				}
				all[name] = n
			}
			_, received := all["InReceives"]
			_, delivered := all["InDelivers"]
			return all, received && delivered
		}
	}
	return nil, false
}

// counters6 reads the lines of /proc/net/snmp6: a name and a number.
func counters6(text string) map[string]int64 {
	all := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, " ")
		if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
			all[strings.TrimSpace(name)] = n
		}
	}
	return all
}
