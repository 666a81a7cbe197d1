# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# reports.sh: what browser, markdown and sheet share: the program, and reports that are made
# up. Sourced, never run.

home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build builds the program that exreach runs.
build() { (cd "$home/.." && CGO_ENABLED=0 go build -trimpath -o "$work/exreach" ./cmd/exreach); }

# exreach runs the program; grades are no failure.
exreach() {
	local status=0
	"$work/exreach" "$@" || status=$?
	((status < 2))
}

# forge KIND [RUN] prints a report of plain words, or a hostile one.
forge() { python3 "$home/forge.py" "$home/../docs/report.schema.json" "$@"; }
