#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a pseudo-terminal of 80 columns, and records each line of its
progress with the time. At the end it checks that the line named every phase, that the
time left never changed by more than a factor of two from one line to the next, and that
the end came within 20 % of when the line had said at half time; --within sets another
share."""

import argparse
import os
import pty
import re
import struct
import sys
import termios
import time
from fcntl import ioctl

PHASES = {
    "versions": r"finding out version",
    "checks": r"checking: ",
    "waiting": r"waiting for ",
    "again": r"looking again",
    "traces": r"tracing: |.*, then \d+ traces?,",
}
NOT_ALWAYS = {"again"}  # where nothing is in doubt, nothing is looked at again
LEFT = re.compile(r", (?:at most|about) (\d+) (s|min|h)\b")
SECONDS = {"s": 1, "min": 60, "h": 3600}


def recorded(command):
    """Runs the command; returns its exit code, its lines with their times, and its end."""
    began = time.monotonic()
    child, screen = pty.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # there is no person to ask for a listener's code
        os.execvp(command[0], command)
    ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    lines, rest = [], b""
    while True:
        try:
            more = os.read(screen, 65536)
        except OSError:  # EIO: the command has ended
            break
        if not more:
            break
        now = time.monotonic() - began
        *whole, rest = re.split(rb"[\r\n]+", rest + more)
        lines += [(now, text.decode(errors="replace").rstrip()) for text in whole]
    end = time.monotonic() - began
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), [x for x in lines if x[1]], end


def left_in(text):
    found = LEFT.search(text)
    return int(found[1]) * SECONDS[found[2]] if found else None


def faults(lines, end, within):
    """Prints what the lines said, and yields what is wrong with it."""
    shown = [(at, text) for at, text in lines if any(re.match(p, text) for p in PHASES.values())]
    for name, pattern in PHASES.items():
        times = [at for at, text in shown if re.match(pattern, text)]
        if times:
            print(f"{name:9} {len(times):4} lines, from {times[0]:.1f} s to {times[-1]:.1f} s")
        elif name not in NOT_ALWAYS:
            yield f"the phase {name} was never named"
    said = [(at, left_in(text), text) for at, text in shown]
    known = [(at, left, text) for at, left, text in said if left]
    if not known:
        yield "no line said how long the rest would take"
        return
    worst = max(((max(b[1] / a[1], a[1] / b[1]), a, b) for a, b in zip(known, known[1:])), default=None)
    if worst:
        print(f"largest change from line to line: a factor of {worst[0]:.2f}")
        if worst[0] > 2:
            yield f"the time left went from {worst[1][2]!r} to {worst[2][2]!r}"
    print(f"the time left was first said after {known[0][0]:.1f} s")
    for share in (0.25, 0.5, 0.75):
        before = [k for k in known if k[0] <= share * end]
        if not before:
            continue
        at, left, text = before[-1]
        off = (at + left - end) / end
        print(f"at {at:.1f} s: {text!r}: the end at {at + left:.1f} s, {off:+.0%}")
        if share == 0.5 and abs(off) > within:
            yield f"at half time the line was wrong by {off:+.0%}"
    if known[0][0] > 0.5 * end:
        yield "at half time nothing was said"
    wide = max(len(text) for _, text in shown)
    print(f"{len(shown)} lines, the longest has {wide} columns; the end came after {end:.1f} s")
    if wide > 79:
        yield f"a line has {wide} columns"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--record", metavar="FILE")
    options.add_argument("--within", type=float, default=0.2, metavar="SHARE")
    options.add_argument("command", nargs="+")
    asked = options.parse_args()
    code, lines, end = recorded(asked.command)
    if asked.record:
        with open(asked.record, "w", encoding="utf-8") as record:
            record.writelines(f"{at:.2f}\t{text}\n" for at, text in lines)
    if code not in (0, 1):
        sys.exit(f"exit code {code}:\n" + "\n".join(text for _, text in lines[-20:]))
    wrong = list(faults(lines, end, asked.within))
    for fault in wrong:
        print("FAIL", fault)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
