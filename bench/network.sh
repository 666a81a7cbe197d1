# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# network.sh: how the namespaces are joined, and what may happen to packets.
# Sourced by up and path.

build_network() {
	local namespace
	add_namespaces
	wire bx-router bx-client 1
	wire bx-router bx-fw 2
	wire bx-fw bx-srv 3
	for namespace in bx-router bx-fw; do
		ip link add to-bx-wan netns "$namespace" type veth peer name "to-$namespace" netns bx-wan
		# A frame of the WAN is one segment, with its checksum.
		inside "$namespace" ethtool -K to-bx-wan tx off tso off gso off gro off sg off >/dev/null
		inside bx-wan sysctl -qw "net.ipv6.conf.to-$namespace.disable_ipv6=1"
		ip -n bx-wan link set "to-$namespace" up
		forward "$namespace"
	done
	address bx-router to-bx-wan 4 1
	address bx-fw to-bx-wan 4 2
	serve_hosts
	route bx-client 1 1
	route bx-srv 3 1
	lan
	open_firewall
}

# serve_hosts gives the server ten hosts' addresses: 10.78.9.1, fd78:9::1, ...
serve_hosts() {
	local host
	for ((host = 1; host <= 10; host++)); do
		ip -n bx-srv addr add "$net4.9.$host/32" dev lo
		ip -n bx-srv addr add "$net6:9::$host/128" dev lo nodad
	done
	ip -n bx-fw route add "$net4.9.0/24" via "$net4.3.2"
	ip -n bx-fw -6 route add "$net6:9::/64" via "$net6:3::2"
}

# lan sends everything over the wire between router and firewall.
lan() {
	route bx-router 2 2
	route bx-fw 2 1
}

# wan DELAY LOSS OUTAGE sends everything through a WAN, which delays, loses LOSS
# per cent in each direction, and lets nothing pass for OUTAGE in every 3 s.
wan() {
	route bx-router 4 2
	route bx-fw 4 1
	if [[ $3 == 0s ]] && has_netem; then
		netem "$1" "$2"
		return
	fi
	ip netns exec bx-wan "$run/bin/wan" -a to-bx-router -b to-bx-fw -delay "$1" -loss "$2" -outage "$3" 2>"$run/log/wan" &
	emulator=$!
	await "$run/log/wan"
}

# has_netem finds out whether the kernel has it. netem has no outages.
has_netem() {
	inside bx-wan tc qdisc add dev lo root netem delay 1ms 2>/dev/null || return 1
	inside bx-wan tc qdisc delete dev lo root
}

# netem DELAY LOSS is the kernel's own WAN: a bridge whose ports delay and lose.
# Neighbours are entered by hand, because it would lose ARP, too.
netem() {
	local port
	ip -n bx-wan link add wan type bridge
	for port in to-bx-router to-bx-fw; do
		ip -n bx-wan link set "$port" master wan
		inside bx-wan tc qdisc add dev "$port" root netem delay "$1" loss "$2%" limit 10000
	done
	ip -n bx-wan link set wan up
	neighbour bx-router 2 bx-fw
	neighbour bx-fw 1 bx-router
}

# neighbour A HOST B enters at A that B has the address on the WAN.
neighbour() {
	local mac
	mac=$(inside "$3" cat /sys/class/net/to-bx-wan/address)
	ip -n "$1" neighbour replace "$net4.4.$2" lladdr "$mac" dev to-bx-wan nud permanent
	ip -n "$1" neighbour replace "$net6:4::$2" lladdr "$mac" dev to-bx-wan nud permanent
}

# end_wan FILE ends it, prints what it dropped and adds that to a file. Harmless
# if there is none.
end_wan() {
	lan
	if [[ -n ${emulator:-} ]]; then
		kill "$emulator" 2>/dev/null || true
		wait "$emulator" || true
		tee -a "$1" <"$run/log/wan"
		emulator=
	elif [[ -n $(ip -n bx-wan -br link show type bridge) ]]; then
		inside bx-wan tc -s qdisc show | grep -A 1 netem | tee -a "$1"
		inside bx-wan tc qdisc delete dev to-bx-router root
		inside bx-wan tc qdisc delete dev to-bx-fw root
		ip -n bx-wan link delete wan
	fi
}

# firewall RULES adds rules to the chain of what passes bx-fw.
firewall() { inside bx-fw nft "add rule inet bench forward $*"; }

open_firewall() {
	inside bx-fw nft -f - <<-'END'
		table inet bench
		delete table inet bench
		table inet bench {
			chain forward { type filter hook forward priority filter; }
		}
	END
}

drop_ports() { firewall "iifname != to-bx-srv tcp dport { $1 } drop"; }

drop_host() {
	case $1 in
	*:*) firewall "ip6 daddr $1 drop" ;;
	*) firewall "ip daddr $1 drop" ;;
	esac
}

# shun drops all of a source that opens connections faster than 5 in a second,
# once it has opened 20, for half a minute.
shun() {
	local ip type
	for ip in ip ip6; do
		type=${ip/%ip/ipv4}
		type=${type/%ip6/ipv6}_addr
		inside bx-fw nft -f - <<-END
			add set inet bench opening-$ip { type $type; flags dynamic, timeout; timeout 1m; }
			add set inet bench shunned-$ip { type $type; flags dynamic, timeout; timeout 30s; }
			add rule inet bench forward iifname != to-bx-srv $ip saddr @shunned-$ip drop
			add rule inet bench forward iifname != to-bx-srv tcp flags & (syn | ack) == syn add @opening-$ip { $ip saddr limit rate over 5/second burst 20 packets } add @shunned-$ip { $ip saddr } drop
		END
	done
}
