# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# scene.sh: the words that up, down, path and scale share. Sourced, never run.
#
#   bx-client ── bx-router ─────────── bx-fw ── bx-srv      bx-scale
#        1            └─ 4 ─ bx-wan ─ 4 ─┘   3    9          loopback
#                           2
#
# The numbers are those of the networks: 10.78.1.0/24, fd78:1::/64 and so on.
# The way from router to firewall is 2, a wire, or 4, through the emulated WAN.

# shellcheck disable=SC2034  # the scripts that source this file read these
namespaces=(bx-client bx-router bx-wan bx-fw bx-srv bx-scale) net4=10.78 net6=fd78
home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/namespaces.sh
. "$home/../lab/namespaces.sh"

# All that the benchmarks write is in this folder. down leaves the results.
store=${EXREACH_BENCH:-/var/cache/exreach-bench}
run=$store/run
results=$store/results

# ports is the 40 ports in rising order; half is every second of them.
ports=$(sed -n 's/.* port: \([0-9]*\),.*/\1/p' "$home/catalog.yaml" | sort -n | paste -sd,)
half=$(tr , '\n' <<<"$ports" | sed -n '2~2p' | paste -sd,)

# build makes the programs of this tree, outside it: the user who runs them may
# not be able to read it. EXREACH names a program to measure instead.
build() {
	mkdir -p "$run/bin" "$run/log" "$results"
	cp "$home/catalog.yaml" "$run"
	rm -f "$run/bin/exreach" # it may be another program than the tree's
	(cd "$home/.." && CGO_ENABLED=0 go build -trimpath -tags urfave_cli_no_docs -o "$run/bin/" ./cmd/exreach ./bench/wan ./bench/server ./bench/race)
	[[ -z ${EXREACH:-} ]] || install -m 0755 "$EXREACH" "$run/bin/exreach"
}

# await FILE returns when a program has written its first line there.
await() {
	for ((i = 0; i < 100; i++)); do
		[[ ! -s $1 ]] || return 0
		sleep 0.1
	done
	echo "bench: nothing in $1 after 10 s" >&2
	return 1
}

# need COMMAND... ends the script if one is missing.
need() {
	local command
	for command; do
		command -v "$command" >/dev/null || fail "$command is missing: bench/README.md names the packages"
	done
	((EUID == 0)) || fail "network namespaces need root; what is measured runs as nobody"
}

fail() {
	echo "bench: $*" >&2
	exit 1
}
