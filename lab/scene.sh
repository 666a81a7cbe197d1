# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# scene.sh: the words that up, down and firewall share. Sourced, never run.
#
#   ex-client ── ex-router ── ex-fw ── ex-srv
#        10.77.1.0/24  10.77.2.0/24  10.77.3.0/24, 10.77.9.0/24
#        fd77:1::/64   fd77:2::/64   fd77:3::/64, fd77:9::/64

# shellcheck disable=SC2034  # the scripts that source this file read these
namespaces=(ex-client ex-router ex-fw ex-srv) net4=10.77 net6=fd77
home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=namespaces.sh
. "$home/namespaces.sh"

# All that the lab writes is in this folder and in /etc/netns.
store=${EXREACH_LAB:-/var/cache/exreach-lab}
run=$store/run

# need COMMAND... ends the script if one is missing.
need() {
	local command
	for command; do
		command -v "$command" >/dev/null || fail "$command is missing: run lab/install"
	done
	((EUID == 0)) || fail "network namespaces need root"
}

fail() {
	echo "lab: $*" >&2
	exit 1
}
