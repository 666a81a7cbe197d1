#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What lab/ends asserts of its reports. The first argument says what:

agree NEAR FAR WIRE      every row answered and undisturbed, and the report of the near end,
                         the record of the far end and the packets agree to the byte
covered FAR NEAR...      every port that the far end has open was asked in one of the reports
table NEAR EXPECTED      each row of EXPECTED is so: scene, ports, verdicts, directions,
                         reasons, way; words are separated by |, - is absent, * anything
held NEAR PROGRAM COUNT PORT...  these ports are told to belong to the program, so many
                         dynamic RPC ports answered, and nothing failed
contacts NEAR COUNT ...  so many contacts stand, by listeners of different names; or they
                         failed for the reason that is named instead of COUNT
nat NEAR                 every row agrees, and came from another address than it was sent from
answered NEAR NETWORK    every port of the network answered, and no row of it is directed
reverse NEAR ADDRESSES THERE BACK [PORT]...  the first run is about the far end, and one
                         for each of these ADDRESSES is about this machine; of each
                         address one row is blocked, THERE or BACK, as port=direction, or
                         none (-). These PORTs of this machine have another program
undirected NEAR          no row says where it is blocked or changed
"""

import ipaddress
import json
import sys

faults = []


def wrong(text):
    faults.append(text)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows(near):
    """The results that were asked at an address."""
    return [r for r in near["results"] if "address" in r and "port" in r]


def contacts(near):
    return [c for r in near["results"] for c in r.get("contact", [])]


def name(row):
    return f"{row['port']}/{row['network']}"


def place(row):
    return f"{row['service']} {name(row)} at {row['address']}"


def ends(text):
    """An address and port, comparable however they are written."""
    host, _, port = text.rpartition(":")
    at = ipaddress.ip_address(host.strip("[]"))
    return str(getattr(at, "ipv4_mapped", None) or at), int(port)


def quiet(row):
    """Says what is wrong with a row that should have answered undisturbed."""
    if row["verdict"] != "answered":
        wrong(f"{place(row)}: {row['verdict']}: {row['detail']}")
    elif "direction" in row:
        wrong(f"{place(row)}: {row['direction']} {json.dumps(row.get('far'))}")
    elif "far" not in row:
        wrong(f"{place(row)}: the far end told nothing of it")


def standing(near):
    """The contacts, each of which must stand."""
    found = contacts(near)
    if not found:
        wrong("there is no contact")
    for c in found:
        if c.get("failed"):
            wrong(f"contact at {c['address']}: {c['failed']} {c.get('note', '')} {json.dumps(c['refused'])}")
        elif c["agree"] != c["recorded"] or c["agree"] == 0:
            wrong(f"contact at {c['address']}: {c['agree']} of {c['recorded']} agree")
    return found


def arrivals(far):
    """What the far end recorded, by network, port and source."""
    return {(a["network"], a["port"], *ends(a["from"])): a for a in far["arrivals"]}


def flows(path):
    """What passed on the wire, by network, port of the server and source, and the fragments."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if "client" in line:
                found[(line["network"], ends(line["server"])[1], *ends(line["client"]))] = line
    return found


def agree(near_path, far_path, wire_path):
    near, recorded, wire = load(near_path), arrivals(load(far_path)), flows(wire_path)
    came = there = back = 0
    for row in rows(near):
        quiet(row)
        if not row.get("far", {}).get("came") and "far" in row:
            wrong(f"{place(row)}: nothing came, says the far end")
        for c in row.get("far", {}).get("came", []):
            key = (row["network"], row["port"], *ends(c["from"]))
            r, w = recorded.get(key), wire.get(key)
            if r is None:
                wrong(f"{place(row)}: {c['from']} is not in the far end's record")
            elif (r["received"], r["sent"]) != (c["received"], c["sent"]) and flat(r) != flat(c):
                wrong(f"{place(row)}: the near end has {flat(c)}, the record {flat(r)}")
            elif w is None:
                wrong(f"{place(row)}: {c['from']} was not on the wire")
            elif (w["there"], w["back"]) != (c["received"].get("bytes", 0), c["sent"].get("bytes", 0)):
                wrong(f"{place(row)}: on the wire were {w['there']} and {w['back']} bytes, the record has {flat(r)}")
            else:
                came, there, back = came + 1, there + w["there"], back + w["back"]
    found = standing(near)
    families = {ipaddress.ip_address(r["address"]).version for r in rows(near)}
    if families != {4, 6}:
        wrong(f"only IPv{families} was asked")
    networks = [r["network"] for r in rows(near)]
    told = " ".join(f"{c.get('agree')} of {c.get('recorded')}" for c in found)
    print(f"  {len(networks)} rows ({networks.count('udp')} UDP); contact: {told}; {came} arrivals are the same here, there and on the wire: {there} bytes there, {back} back")


def covered(far_path, *near_paths):
    opened = {name(p) for p in load(far_path)["ports"] if p["state"] == "open"}
    asked = {name(r) for path in near_paths for r in rows(load(path))}
    if opened - asked:
        wrong(f"not asked: {', '.join(sorted(opened - asked))}")
    if asked - opened:
        wrong(f"asked, and not open: {', '.join(sorted(asked - opened))}")
    print(f"  {len(opened)} ports are open there, and {len(opened & asked)} of them were asked")


def flat(arrival):
    return [(arrival[way].get("bytes", 0), arrival[way].get("sha256", "")) for way in ("received", "sent")]


def fits(word, value):
    return word == "*" or (value or "-") in word.split("|")


def sentence(row):
    """What the report says of the direction, or else of the row."""
    codes = ("never-arrived", "answer-lost", "bytes-changed", "answered-by-other", "far-unknown")
    for finding in row.get("findings", []):
        if finding["code"] in codes:
            return finding.get("text") or finding.get("message") or json.dumps(finding)
    return row["detail"]


def table(near_path, expected_path):
    near = load(near_path)
    found = contacts(near)
    for c in found:
        over = f"over {c['over']}" if c.get("over") else f"FAILED {c.get('failed')} {c.get('note', '')}"
        print(f"  contact {c['address']}: {over}; refused: " + ("; ".join(f"{r['port']}: {r['why']}" for r in c["refused"]) or "nowhere"))
        if c.get("failed"):
            wrong(f"contact at {c['address']}: {c['failed']}")
    with open(expected_path, encoding="utf-8") as file:
        for line in file:
            scene, ports, *want = line.rstrip("\n").split("\t")
            for port in ports.split(","):
                expect(near, scene, port, want)


def expect(near, scene, port, want):
    """Prints the rows of a port, the same words once, and compares them with what is wanted."""
    verdicts, directions, reasons, way = want
    asked = [r for r in rows(near) if name(r) == port]
    if {ipaddress.ip_address(r["address"]).version for r in asked} != {4, 6}:
        wrong(f"{scene}: {port} was not asked at both addresses")
    seen = set()
    for r in asked:
        far = r.get("far", {})
        got = r["verdict"], r.get("direction"), far.get("why"), far.get("way")
        family = ipaddress.ip_address(r["address"]).version
        if (family, got) not in seen:
            seen.add((family, got))
            print(f"  {scene:34} {port:9} IPv{family} {got[0]:10} {got[1] or '-':17} {got[2] or '-':13} {sentence(r)}")
        for word, value, what in zip((verdicts, directions, reasons, way), got, ("verdict", "direction", "why", "way")):
            if not fits(word, value):
                wrong(f"{scene}: {place(r)}: {what} is {value or '-'}, not {word}")


def held(near_path, program, count, *ports):
    near = load(near_path)
    left = set(ports)
    interfaces = 0
    for r in rows(near):
        if name(r) in ports:
            left.discard(name(r))
            holder = r.get("far", {}).get("held_by", "")
            if program not in holder:
                wrong(f"{place(r)}: held by {holder or 'nothing known'}, not by {program}")
            if r["verdict"] != "answered" or r["grade"] == "fail":
                wrong(f"{place(r)}: {r['verdict']}, {r['grade']}: {r['detail']}")
            print(f"  {name(r):8} {r['service']:18} {r['address']:12} {r['verdict']} {holder}: {r['detail']}")
        else:
            quiet(r)
            interfaces += r["protocol"] == "rpc" and r["port"] > 1024
    for port in left:
        wrong(f"{port} was not asked")
    if interfaces != int(count):
        wrong(f"{interfaces} dynamic RPC ports were asked, not {count}")
    print(f"  {interfaces} RPC interfaces answered at ports that the contact named")


def wanted_contacts(near_path, what, *_):
    found = contacts(load(near_path))
    for c in found:
        print(f"  contact {c['address']}: listener {c.get('listener', '-')}, over {c.get('over', '-')}, {c.get('failed', 'stands')} {c.get('note', '')}")
    if not what.isdigit():
        if not found or {c.get("failed") for c in found} != {what}:
            wrong(f"the contact did not fail for {what}")
    elif len({c["listener"] for c in found if not c.get("failed")}) != int(what):
        wrong(f"{what} listeners should have been told apart")


def nat(near_path):
    near = load(near_path)
    for r in rows(near):
        quiet(r)
        for c in r.get("far", {}).get("came", []):
            if ends(c["from"])[0] == r.get("source"):
                wrong(f"{place(r)}: came from {c['from']}, its own address")
    for c in standing(near):
        print(f"  contact {c['address']}: sent from {c.get('local')}, came from {c.get('seen')}; {c['agree']} of {c['recorded']} agree")


def answered(near_path, network):
    near = load(near_path)
    asked = [r for r in rows(near) if r["network"] == network]
    for r in asked:
        if r["verdict"] != "answered" or "direction" in r:
            wrong(f"{place(r)}: {r['verdict']} {r.get('direction', '')}: {r['detail']}")
    print(f"  {len(asked)} rows over {network}")
    for c in contacts(near):
        held_there = ", ".join(f"{o['port']} {o['state']}" for o in c["held"])
        print(f"  contact {c['address']}: over {c.get('over')}, {c.get('failed', 'stands')} {c.get('note', '')}; {c['agree']} of {c['recorded']} agree; not open there: {held_there or 'nothing'}")
        if c.get("failed"):
            wrong(f"contact at {c['address']}: {c['failed']}")


def reverse(near_path, addresses, there, back, *held_here):
    near = load(near_path)
    addresses = set(addresses.split(","))
    if len(near.get("runs", [])) != 1 + len(addresses):
        wrong(f"{len(near.get('runs', []))} runs, not one there and {len(addresses)} back")
    for way, blocked in (("there", there), ("back", back)):
        asked = [r for r in rows(near) if (r.get("run") == 1) == (way == "there")]
        hosts = {r["host"] for r in asked}
        if way == "back" and hosts != addresses:
            wrong(f"the far end asked {', '.join(sorted(hosts)) or 'nothing'}, not {', '.join(sorted(addresses))}")
        if way == "there" and hosts & addresses:
            wrong(f"the near end asked itself: {', '.join(sorted(hosts))}")
        at = set()
        for r in asked:
            holder = r.get("far", {}).get("held_by", "")
            if f"{name(r)}={r.get('direction')}" == blocked:
                at.add(r["address"])
                if r["verdict"] != "timed-out" or r["grade"] != "fail":
                    wrong(f"{place(r)}: {r['verdict']}, {r['grade']}")
                print(f"  {way:5} {name(r)} {r['verdict']} {r['direction']}: {sentence(r)}")
            elif way == "back" and name(r) in held_here:
                if r["verdict"] != "answered" or r["grade"] == "fail" or "python" not in holder:
                    wrong(f"{place(r)}: {r['verdict']}, {r['grade']}, held by {holder or 'nothing known'}")
                print(f"  {way:5} {name(r)} {r['verdict']} {holder}: {r['detail']}")
            else:
                quiet(r)
        if blocked != "-" and at != {r["address"] for r in asked}:
            wrong(f"{way}: {blocked} at {', '.join(sorted(at)) or 'no address'}")
        interfaces = sum(r["protocol"] == "rpc" and r["port"] > 1024 for r in asked)
        print(f"  {way:5} {len(asked)} rows at {', '.join(sorted(hosts))}, {interfaces} of them RPC interfaces")
        if way == "back" and "135/tcp" in held_here and not interfaces:
            wrong("no RPC interface was asked, though the contact names their ports")
    for port in held_here:
        if not any(r.get("run") != 1 and name(r) == port for r in rows(near)):
            wrong(f"{port} of this machine was not asked")


def undirected(near_path):
    for r in load(near_path)["results"]:
        if r.get("direction", "unknown") != "unknown":
            wrong(f"{place(r)}: {r['direction']}, from a record of another run")


WHAT = {"agree": agree, "covered": covered, "table": table, "held": held, "contacts": wanted_contacts, "nat": nat, "answered": answered, "reverse": reverse, "undirected": undirected}

try:
    WHAT[sys.argv[1]](*sys.argv[2:])
except (OSError, ValueError) as err:
    wrong(f"{' '.join(sys.argv[1:])}: {err}")
for fault in faults[:40]:
    print(f"  WRONG {fault}")
if len(faults) > 40:
    print(f"  and {len(faults) - 40} more")
sys.exit(bool(faults))
