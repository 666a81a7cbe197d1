#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""same.py record PORT CERTIFICATE KEY FILE: takes the connections that are redirected to
PORT, passes them on to where they were meant to go, and appends to FILE what each client
said: a line of JSON for a connection. It ends TLS, wherever in a conversation that
begins, and makes its own: so it has what was said inside, and the client's hello.

same.py compare COUNT OLD... NEW...: COUNT runs of the old program show which bytes are
random: those in which they differ from one another. A new run must be like them in all
others, connection by connection."""

import collections
import json
import re
import select
import socket
import ssl
import struct
import sys
import threading

import intercept
import relay

TIME = re.compile(rb"20\d{12}(?=Z|\.0Z)")
VIA = re.compile(rb"(Via: SIP/2\.0/\w+ [^;\r\n]*:)\d+")
RANDOM = re.compile(rb"[0-9A-Fa-f]{6,}|[0-9]+")


def hello(conn):
    """Returns the TLS record that the client is about to be read from, if it is one."""
    data = conn.recv(5, socket.MSG_PEEK)
    if not data.startswith(b"\x16\x03"):
        return None
    data = conn.recv(5, socket.MSG_PEEK | socket.MSG_WAITALL)
    return conn.recv(5 + int.from_bytes(data[3:5], "big"), socket.MSG_PEEK | socket.MSG_WAITALL)


def plain(record):
    """A ClientHello without what is random in it: as text, extension by extension (RFC 8446, section 4.1.2)."""
    body = record[5 + 4:]
    at = 2 + 32
    at += 1 + body[at]
    ciphers, = struct.unpack_from("!H", body, at)
    words = [body[:2].hex(), body[at + 2:at + 2 + ciphers].hex()]
    at += 2 + ciphers
    words.append(body[at + 1:at + 1 + body[at]].hex())
    at += 1 + body[at] + 2
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        inside = body[at + 4:at + 4 + length]
        words.append(f"{kind}:{shares(inside) if kind == 51 else inside.hex()}")
        at += 4 + length
    return " ".join(words)


def shares(inside):
    """The groups of the key shares and the lengths of their keys."""
    at, groups = 2, []
    while at + 4 <= len(inside):
        group, length = struct.unpack_from("!HH", inside, at)
        groups.append(f"{group}/{length}")
        at += 4 + length
    return ",".join(groups)


class Clerk:
    def __init__(self, certificate, key, path):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.path, self.lock = path, threading.Lock()

    def serve(self, number, conn):
        address, port = relay.original(conn)
        said = []
        try:
            with conn, socket.create_connection((address, port)) as server:
                self.listen(conn, server, said)
        except OSError:
            pass  # one of them has gone
        with self.lock, open(self.path, "a", encoding="utf-8") as file:
            print(json.dumps({"number": number, "network": "tcp", "port": port, "said": said}), file=file)

    def listen(self, client, server, said):
        other = {client: server, server: client}
        while other:
            for conn in select.select(list(other), [], [])[0]:
                record = hello(conn) if conn is client else None
                if record is not None:
                    said.append(["hello", plain(record)])
                    return self.listen_inside(client, server, said)
                piece = conn.recv(65536)
                if conn is client and piece:
                    hear(said, "plain", piece)
                if piece:
                    other[conn].sendall(piece)
                else:
                    other.pop(conn).shutdown(socket.SHUT_WR)
                    if conn is server:
                        return

    def listen_inside(self, client, server, said):
        with self.context.wrap_socket(client, server_side=True) as inside:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(server) as far:
                intercept.join(inside, far, lambda piece: hear(said, "inside", piece))


def hear(said, kind, piece):
    """Adds a piece to what was said, whatever pieces the network made of it."""
    if said and said[-1][0] == kind:
        said[-1][1] += piece.hex()
    else:
        said.append([kind, piece.hex()])


def record(port, certificate, key, path):
    clerk = Clerk(certificate, key, path)
    listener = socket.create_server(("0.0.0.0", int(port)), backlog=128)
    number = 0
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=clerk.serve, args=(number, conn), daemon=True).start()
        number += 1


def told(text):
    """What was said, without the time, and without the port it came from, which SIP names
    in its Via (RFC 3261, section 18.1.1)."""
    return VIA.sub(rb"\1PORT", TIME.sub(b"TIME", bytes.fromhex(text)))


def conversations(path):
    """What a run said, by network and port, in the order of its connections."""
    found = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for line in sorted(lines, key=lambda line: line.get("number", -1)):
        if "said" in line:
            found["tcp", line["port"]].append([(kind, text if kind == "hello" else told(text)) for kind, text in line["said"]])
        elif line.get("network") == "udp":  # of wire.py
            found["udp", int(line["server"].rpartition(":")[2])].append([("datagram", told(line["question"]))])
    return found


def differences(olds, new, sums):
    """Yields what a new conversation says otherwise than the old ones at its place."""
    kinds = [[kind for kind, _ in c] for c in (*olds, new)]
    if any(k != kinds[0] for k in kinds):
        yield f"its parts are {kinds[-1]}, those of the old ones {kinds[:-1]}"
        return
    for at, (kind, is_now) in enumerate(new):
        was = [c[at][1] for c in olds]
        if kind == "hello":
            sums["hellos"] += 1
            if is_now not in was:
                yield f"its hello is {is_now}, and was {was[0]}"
        elif len({len(w) for w in was}) > 1:
            sums["of changing length"] += len(is_now)
            if RANDOM.sub(b"#", is_now) not in {RANDOM.sub(b"#", w) for w in was}:
                yield f"{kind}: {is_now!r}, and was {was[0]!r}"
        elif len(is_now) != len(was[0]):
            yield f"{kind}: {len(is_now)} bytes {is_now!r}, and was {len(was[0])} {was[0]!r}"
        else:
            yield from bytewise(kind, was, is_now, sums)


def bytewise(kind, was, is_now, sums):
    fixed = [at for at in range(len(is_now)) if len({w[at] for w in was}) == 1]
    sums["bytes"] += len(fixed)
    sums["random bytes"] += len(is_now) - len(fixed)
    other = [at for at in fixed if is_now[at] != was[0][at]]
    if other:
        yield f"{kind}: from byte {other[0]} on {is_now[other[0]:other[0] + 40]!r}, and was {was[0][other[0]:other[0] + 40]!r}"


def compare(count, *paths):
    olds = [conversations(p) for p in paths[:int(count)]]
    wrong = 0
    for path in paths[int(count):]:
        new, sums = conversations(path), collections.Counter()
        for key in sorted({k for run in (*olds, new) for k in run}):
            counts = [len(run[key]) for run in olds]
            sums["conversations"] += len(new[key])
            faults = []
            if len(new[key]) not in counts:
                faults.append(f"{len(new[key])} conversations, and were {counts}")
            for at, conversation in enumerate(new[key]):
                peers = [run[key][at] for run in olds if at < len(run[key])]
                faults += [f"conversation {at}: {d}" for d in differences(peers, conversation, sums)] if peers else []
            for fault in faults[:4]:
                print(f"  DIFFERS {path.rpartition('/')[2]}: {key[1]}/{key[0]}: {fault}")
            wrong += len(faults)
        ports = collections.Counter(network for network, _ in new)
        print(f"  {path.rpartition('/')[2]}: {ports['tcp']} TCP and {ports['udp']} UDP ports, {wrong} differences; "
              + ", ".join(f"{n} {what}" for what, n in sums.items()))
    return wrong


if sys.argv[1] == "record":
    record(*sys.argv[2:])
sys.exit(bool(compare(*sys.argv[2:])))
