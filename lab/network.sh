# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# network.sh: how the namespaces are joined, and the names in them.
# Sourced by up.

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

build_network() {
	add_namespaces
	wire ex-router ex-client 1
	wire ex-router ex-fw 2
	wire ex-fw ex-srv 3
	addresses
	# Frames as on a wire: no segments joined to larger ones.
	ip -n ex-srv link set to-ex-fw gso_max_segs 1
	forward ex-router
	forward ex-fw
	route ex-client 1 1
	route ex-router 2 2
	route ex-srv 3 1
	ip -n ex-fw route add default via 10.77.2.1
	ip -n ex-fw -6 route add default via fd77:2::1
	ip -n ex-fw route add 10.77.9.0/24 via 10.77.3.2
	ip -n ex-fw -6 route add fd77:9::/64 via fd77:3::2
	# A member that is switched off: no answer, and no ICMP message either.
	ip -n ex-fw route add blackhole 10.77.3.99
	ip -n ex-fw -6 route add blackhole fd77:3::99
}

# name_hosts gives every namespace its own hosts file and the domain
# controller's DNS, so an unknown name gets an answer at once.
name_hosts() {
	local namespace
	for namespace in "${namespaces[@]}"; do
		mkdir -p "/etc/netns/$namespace"
		cp "$home/conf/hosts" "/etc/netns/$namespace/hosts"
		echo 'nameserver 10.77.3.20' >"/etc/netns/$namespace/resolv.conf"
	done
}
