# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# network.sh: the namespaces, the wires between them and the names in them.
# Sourced by up.

# wire A B NETWORK joins two namespaces; A gets the addresses that end in 1, B in 2.
wire() {
	local a=$1 b=$2 network=$3
	ip link add "to-$b" netns "$a" type veth peer name "to-$a" netns "$b"
	ip -n "$a" addr add "10.77.$network.1/24" dev "to-$b"
	ip -n "$b" addr add "10.77.$network.2/24" dev "to-$a"
	ip -n "$a" addr add "fd77:$network::1/64" dev "to-$b" nodad
	ip -n "$b" addr add "fd77:$network::2/64" dev "to-$a" nodad
	ip -n "$a" link set "to-$b" up
	ip -n "$b" link set "to-$a" up
}

# route NAMESPACE NETWORK HOST sends all else to the gateway with that address.
route() {
	ip -n "$1" route add default via "10.77.$2.$3"
	ip -n "$1" -6 route add default via "fd77:$2::$3"
}

# addresses gives the server its names' addresses, and twenty more for many hosts.
addresses() {
	local host
	for host in 10 20; do
		ip -n ex-srv addr add "10.77.3.$host/24" dev to-ex-fw
		ip -n ex-srv addr add "fd77:3::$host/64" dev to-ex-fw nodad
	done
	for ((host = 1; host <= 20; host++)); do
		ip -n ex-srv addr add "10.77.9.$host/32" dev lo
		ip -n ex-srv addr add "fd77:9::$host/128" dev lo nodad
	done
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

build_network() {
	local namespace
	for namespace in "${namespaces[@]}"; do
		ip netns add "$namespace"
		ip -n "$namespace" link set lo up
		unlimit "$namespace"
	done
	wire ex-router ex-client 1
	wire ex-router ex-fw 2
	wire ex-fw ex-srv 3
	addresses
	forward ex-router
	forward ex-fw
	route ex-client 1 1
	route ex-router 2 2
	route ex-srv 3 1
	ip -n ex-fw route add default via 10.77.2.1
	ip -n ex-fw -6 route add default via fd77:2::1
	ip -n ex-fw route add 10.77.9.0/24 via 10.77.3.2
	ip -n ex-fw -6 route add fd77:9::/64 via fd77:3::2
	# A member that is switched off: nobody answers for it, nobody says so.
	ip -n ex-fw route add blackhole 10.77.3.99
	ip -n ex-fw -6 route add blackhole fd77:3::99
}

# name_hosts gives every namespace its own hosts file and the domain
# controller's DNS, so that a name nobody has is an answer and not a wait.
name_hosts() {
	local namespace
	for namespace in "${namespaces[@]}"; do
		mkdir -p "/etc/netns/$namespace"
		cp "$home/conf/hosts" "/etc/netns/$namespace/hosts"
		echo 'nameserver 10.77.3.20' >"/etc/netns/$namespace/resolv.conf"
	done
}
