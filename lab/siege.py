#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""siege.py FAR SECONDS QUESTIONS: hostile clients of a listener at an IPv4 address, all at
once until the time is over. QUESTIONS is a file of wire.py, of which each UDP question is
asked again from sources that are not ours. Prints how much each did."""

import asyncio
import collections
import json
import os
import random
import resource
import socket
import ssl
import struct
import sys
import time

TEXT_PORTS = [25, 587, 2525, 110, 143, 80, 81]
TLS_PORTS = [443, 444, 993, 995, 636]
OTHER_PORTS = [88, 53, 135, 389, 445, 464, 808, 3268]
PORTS = TEXT_PORTS + TLS_PORTS + OTHER_PORTS
UDP_PORTS = [53, 88, 123, 137, 389, 464]
CONTACT = "exreach-contact/1"
CROWD = 10_000

done = collections.Counter()


def forged():
    """A source that nobody has, which the allow list would let pass."""
    return f"10.{random.randint(100, 250)}.{random.randint(0, 255)}.{random.randint(1, 254)}", random.randint(1024, 65535)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(protocol, source, target, inside):
    """An IPv4 packet; the kernel adds its length and checksum."""
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, random.getrandbits(16), 0, 64, protocol, 0, socket.inet_aton(source), socket.inet_aton(target)) + inside


def covered(protocol, source, target, inside, at):
    """The same with the checksum of TCP or UDP at its place."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, protocol, len(inside))
    return packet(protocol, source, target, inside[:at] + struct.pack("!H", checksum(pseudo + inside) or 0xFFFF) + inside[at + 2:])


async def raw(name, rate, make):
    """Sends what make returns, at a rate of packets a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
        while True:
            for _ in range(rate // 20):
                whole, target = make()
                out.sendto(whole, (target, 0))
                done[name] += 1
            await asyncio.sleep(0.05)


def syn(far):
    source, port = forged()
    inside = struct.pack("!HHIIBBHHH", port, random.choice(PORTS), random.getrandbits(32), 0, 5 << 4, 2, 65535, 0, 0)
    return covered(6, source, far, inside, 16), far


def datagram(far, questions):
    source, port = forged()
    target, payload = random.choice(questions) if random.random() < 0.7 else (random.choice(UDP_PORTS), os.urandom(random.randint(0, 1200)))
    inside = struct.pack("!HHHH", port, target, 8 + len(payload), 0) + payload
    return covered(17, source, far, inside, 6), far


async def connection(far, port, **options):
    return await asyncio.wait_for(asyncio.open_connection(far, port, **options), 10)


async def again(name, attack, pause=0.0):
    """Repeats an attack; that the listener ends it is what it should do."""
    while True:
        try:
            await asyncio.wait_for(attack(), 120)
        except (OSError, EOFError, asyncio.TimeoutError, ValueError):
            done[name + ", ended by the listener"] += 1
        done[name] += 1
        await asyncio.sleep(pause)


async def slow_writer(far):
    """A letter a second, and never a line."""
    reader, writer = await connection(far, random.choice(TEXT_PORTS))
    try:
        while not reader.at_eof():
            writer.write(b"A")
            await writer.drain()
            await asyncio.sleep(1)
            await peek(reader)
    finally:
        writer.close()


async def peek(reader):
    try:
        await asyncio.wait_for(reader.read(4096), 0.01)
    except asyncio.TimeoutError:
        pass


async def slow_reader(far):
    """Asks much and reads nothing."""
    with socket.socket() as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        conn.setblocking(False)
        loop = asyncio.get_running_loop()
        port = random.choice([25, 80, 110, 143])
        await asyncio.wait_for(loop.sock_connect(conn, (far, port)), 10)
        line = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" if port == 80 else b"NOOP\r\nEHLO x\r\nCAPA\r\na CAPABILITY\r\n"
        while True:
            await loop.sock_sendall(conn, line * 200)
            await asyncio.sleep(0.01)


async def huge_line(far):
    """Sixteen megabytes without the end of a line, inside TLS at a port that has it."""
    port = random.choice(TEXT_PORTS + TLS_PORTS)
    reader, writer = await connection(far, port, ssl=context() if port in TLS_PORTS else None)
    try:
        for _ in range(256):
            writer.write(b"A" * 65536)
            await asyncio.wait_for(writer.drain(), 30)
            if reader.at_eof():
                return
    finally:
        writer.transport.abort()


async def garbage(far):
    reader, writer = await connection(far, random.choice(PORTS))
    try:
        for _ in range(random.randint(1, 4)):
            writer.write(random.choice([b"\x16\x03\x01", b"", b"EHLO ", b"\x05\0\x0b"]) + os.urandom(random.randint(1, 4000)))
            await writer.drain()
            await peek(reader)
    finally:
        random.choice([writer.close, writer.transport.abort])()


def context(protocol=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    if protocol:
        made.set_alpn_protocols([protocol])
    return made


CONTACT_CONTEXT = context(CONTACT)


async def wrong_code(far):
    """Makes a contact and gives proofs that are none, or nonsense instead."""
    reader, writer = await connection(far, random.choice(TLS_PORTS), ssl=CONTACT_CONTEXT)
    try:
        hello = {"nonce": os.urandom(32).hex()}
        proof = {"proof": os.urandom(32).hex()}
        lines = random.choice([
            [json.dumps(hello), json.dumps(proof)],
            [json.dumps(hello), json.dumps({"proof": "A" * 60_000})],
            ["{" * 10_000], ["null", "[]"], [json.dumps({"nonce": ["x"] * 5000})], ["\0" * 100], [json.dumps({"begin": {"token": "x"}})],
        ])
        for line in lines:
            writer.write(line.encode() + b"\n")
            await writer.drain()
        while await asyncio.wait_for(reader.read(4096), 60):
            done["wrong codes, bytes of answers"] += 1
    finally:
        writer.transport.abort()


async def crowd(far):
    """Holds as many connections from one source as the listener takes, and opens 10,000 in all."""
    held = collections.deque()
    loop = asyncio.get_running_loop()
    while True:
        for _ in range(100):
            conn = socket.socket()
            conn.setblocking(False)
            try:
                conn.bind(("10.85.2.1", 0))
                await asyncio.wait_for(loop.sock_connect(conn, (far, random.choice(PORTS))), 3)
                done["crowd"] += 1
            except (OSError, asyncio.TimeoutError):
                done["crowd, turned away"] += 1
            held.append(conn)
            if len(held) > CROWD:
                held.popleft().close()
        await asyncio.sleep(0.05)


def questions_of(path):
    """Every UDP question that was recorded, with the port it went to."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [(int(line["server"].rpartition(":")[2]), bytes.fromhex(line["question"])) for line in lines if line.get("network") == "udp"]


async def main():
    far, seconds, questions = sys.argv[1], float(sys.argv[2]), questions_of(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (16_384, 16_384))
    attacks = [raw("half-open connections from forged sources", 400, lambda: syn(far)),
               raw("datagrams from forged sources", 400, lambda: datagram(far, questions)), crowd(far)]
    for count, name, attack, pause in (
            (50, "slow writers", slow_writer, 0.1), (30, "slow readers", slow_reader, 0.1), (4, "huge lines", huge_line, 0.2),
            (8, "garbage", garbage, 0.02), (8, "wrong codes", wrong_code, 0.1)):
        attacks += [again(name, lambda attack=attack: attack(far), pause) for _ in range(count)]
    tasks = [asyncio.ensure_future(a) for a in attacks]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    broken = [t.exception() for t in tasks if t.done() and t.exception()]
    for task in tasks:
        task.cancel()
    for name, count in sorted(done.items()):
        print(f"  {count:8} {name}")
    if broken:
        raise broken[0]


began = time.monotonic()
asyncio.run(main())
print(f"  in {time.monotonic() - began:.0f} s")
