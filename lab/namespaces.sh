# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# namespaces.sh: networks of namespaces, for the lab and the benchmarks. Sourced
# by their scene.sh, which sets namespaces, their names, and net4 and net6, the
# first bytes of their addresses.

# inside NAMESPACE COMMAND... runs a command in a namespace.
inside() { ip netns exec "$@"; }

# add_namespaces makes all of them, not joined yet.
add_namespaces() {
	local namespace
	for namespace in "${namespaces[@]}"; do
		ip netns add "$namespace"
		ip -n "$namespace" link set lo up
		unlimit "$namespace"
	done
}

# wire A B NETWORK joins two namespaces; A gets the addresses that end in 1, B in 2.
wire() {
	local a=$1 b=$2 network=$3
	ip link add "to-$b" netns "$a" type veth peer name "to-$a" netns "$b"
	address "$a" "to-$b" "$network" 1
	address "$b" "to-$a" "$network" 2
}

# address NAMESPACE INTERFACE NETWORK HOST gives an interface its addresses and
# switches it on.
address() {
	ip -n "$1" addr add "$net4.$3.$4/24" dev "$2"
	ip -n "$1" addr add "$net6:$3::$4/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

# route NAMESPACE NETWORK HOST sends everything else to the gateway with that address.
route() {
	ip -n "$1" route replace default via "$net4.$2.$3"
	ip -n "$1" -6 route replace default via "$net6:$2::$3"
}

# forward NAMESPACE makes it a router.
forward() {
	inside "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# unlimit NAMESPACE makes it send every ICMP error it owes.
unlimit() {
	inside "$1" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0
	# One number for the whole machine on older kernels, and not ours to change there.
	inside "$1" sysctl -qw net.ipv4.icmp_msgs_per_sec=100000 2>/dev/null || true
}

# members are the processes that run in the namespaces.
members() {
	local namespace
	for namespace in "${namespaces[@]}"; do
		ip netns pids "$namespace" 2>/dev/null || true
	done
}

signal() { members | xargs -r kill "-$1" 2>/dev/null || true; }

# remove_namespaces ends what runs in them and removes them.
remove_namespaces() {
	local namespace
	signal TERM
	for ((i = 0; i < 30; i++)); do
		[[ -n $(members) ]] || break
		sleep 0.1
	done
	signal KILL
	for namespace in "${namespaces[@]}"; do
		[[ ! -e /run/netns/$namespace ]] || ip netns delete "$namespace"
	done
}
