#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wire.py INTERFACE SERVER[,SERVER]... counts what passes through an interface between
clients and these servers, until SIGTERM. It knows nothing of exreach: it reads packets.
Then it prints a line of JSON for each flow: its network, its two ends (client first),
the bytes of its payload each way, and over UDP the longest datagram each way and the
first question, in hex."""

import ipaddress
import json
import signal
import socket
import struct
import sys

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SYN, TCP, UDP, FRAGMENT = 2, 6, 17, 44


class Ended(Exception):
    pass


def packets(interface):
    """Yields each packet on the interface without its Ethernet header."""
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    tap.bind((interface, ETH_P_ALL))
    print("ready", file=sys.stderr, flush=True)
    while True:
        frame = tap.recv(1 << 17)
        yield frame[14:]


def parsed(packet):
    """Returns protocol, source, destination and what is behind the IP header, or None."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        length, flags = struct.unpack_from("!H2xH", packet, 2)
        inside = packet[(packet[0] & 15) * 4:length]
        fragment = flags & 0x3FFF
        return FRAGMENT if fragment else packet[9], packet[12:16], packet[16:20], inside
    if version == 6 and len(packet) >= 40:
        length, following = struct.unpack_from("!HB", packet, 4)
        return following, packet[8:24], packet[24:40], packet[40:40 + length]
    return None


class Flow:
    def __init__(self):
        self.first = [None, None]  # the sequence number of the first byte, each way
        self.bytes = [0, 0]
        self.longest = [0, 0]
        self.count = [0, 0]
        self.question = b""

    def segment(self, way, inside):
        """Counts what a TCP segment adds to what passed before it; repeats add nothing."""
        number, = struct.unpack_from("!I", inside, 4)
        payload = len(inside) - (inside[12] >> 4) * 4
        if inside[13] & SYN:
            self.first[way] = number + 1
            number += 1
        if self.first[way] is not None and payload > 0:
            self.bytes[way] = max(self.bytes[way], (number - self.first[way]) % 2**32 + payload)

    def datagram(self, way, inside):
        payload = len(inside) - 8
        self.bytes[way] += payload
        self.count[way] += 1
        self.longest[way] = max(self.longest[way], payload)
        if way == 0 and not self.question:
            self.question = inside[8:]


def text(address, port):
    at = ipaddress.ip_address(address)
    return f"[{at}]:{port}" if at.version == 6 else f"{at}:{port}"


def watch(interface, servers, flows):
    """Fills flows; returns how many fragments passed when SIGTERM comes."""
    fragments = 0
    try:
        for packet in packets(interface):
            found = parsed(packet)
            if found is None:
                continue
            protocol, source, target, inside = found
            if protocol == FRAGMENT:
                fragments += 1
            if protocol not in (TCP, UDP) or len(inside) < (20 if protocol == TCP else 8):
                continue
            sport, dport = struct.unpack_from("!HH", inside)
            way = 0 if target in servers else 1
            if way == 1 and source not in servers:
                continue
            ends = (source, sport, target, dport) if way == 0 else (target, dport, source, sport)
            flow = flows.setdefault((protocol, *ends), Flow())
            if protocol == TCP:
                flow.segment(way, inside)
            else:
                flow.datagram(way, inside)
    except Ended:
        return fragments


def main():
    interface, servers = sys.argv[1], {ipaddress.ip_address(s).packed for s in sys.argv[2].split(",")}

    def end(*_):
        raise Ended

    signal.signal(signal.SIGTERM, end)
    flows = {}
    fragments = watch(interface, servers, flows)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for (protocol, client, cport, server, sport), flow in flows.items():
        line = {"network": "tcp" if protocol == TCP else "udp", "client": text(client, cport), "server": text(server, sport),
                "there": flow.bytes[0], "back": flow.bytes[1]}
        if protocol == UDP:
            line |= {"longest": flow.longest, "count": flow.count, "question": flow.question.hex()}
        print(json.dumps(line))
    print(json.dumps({"fragments": fragments}))


main()
