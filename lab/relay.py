# SPDX-License-Identifier: Apache-2.0
"""The peers that pass a conversation on to the server it was meant for, and
change what is said."""

import datetime
import re
import socket
import struct
import threading
import time

SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h, and the same for IPv6


def original(conn):
    """The address that the client meant before the firewall redirected it."""
    if conn.family == socket.AF_INET:
        port, host = struct.unpack("!2xH4s8x", conn.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16))
    else:
        port, host = struct.unpack("!2xH4x16s4x", conn.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28))
    return socket.inet_ntop(conn.family, host), port


def lines(conn):
    return conn.makefile("rb")


def chunks(conn):
    return iter(lambda: conn.recv(65536), b"")


def pump(pieces, target, change):
    try:
        for piece in pieces:
            target.sendall(change(piece))
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of them has gone


def same(piece):
    return piece


def relay(cut, up=same, down=same):
    """Makes a peer that takes both directions apart with cut and changes them."""
    def behave(conn):
        with socket.create_connection(original(conn)) as server:
            upward = threading.Thread(target=pump, args=(cut(conn), server, up), daemon=True)
            upward.start()
            pump(cut(server), conn, down)
            upward.join()
    return behave


# What Cisco's SMTP inspection lets pass.
EXTENSIONS = [b"SIZE", b"8BITMIME", b"PIPELINING", b"DSN", b"HELP", b"AUTH", b"ENHANCEDSTATUSCODES", b"VRFY"]
KEYWORD = re.compile(rb"(250[- ])([A-Z0-9-]+)(.*)", re.DOTALL)


def inspect(line):
    """What that inspection makes of a reply."""
    if line.startswith(b"220 "):
        return b"220 " + re.sub(rb"[^20\r\n]", b"*", line[4:])
    found = KEYWORD.fullmatch(line)
    if found and found[2] not in EXTENSIONS:
        return found[1] + b"X" * (len(found[2]) - 1) + b"A" + found[3]
    return line


inspected = relay(lines, down=inspect)
no_ehlo = relay(lines, up=lambda line: line.replace(b"EHLO", b"XXXX"))
no_certificate = relay(lines, down=lambda line: line.replace(b"250-STARTTLS", b"250-X-ANONYMOUSTLS"))
own_banner = relay(chunks, down=lambda chunk: chunk.replace(b"Microsoft ESMTP MAIL Service", b"our mail service").replace(b"250-PIPELINING", b"250-X-ANONYMOUSTLS"))

stripped = relay(lines, down=lambda line: b"" if line[4:].strip() == b"STARTTLS" else line)
noted = relay(chunks, up=lambda chunk: chunk.replace(b"\r\nHost:", b"\r\nVia: 1.1 proxy\r\nHost:", 1))

AHEAD = datetime.timedelta(minutes=10)
GENERALIZED_TIME = re.compile(rb"20\d{12}(?=Z|\.0Z)")
SMB2_NEGOTIATE = re.compile(rb"....\xfeSMB.{8}\0\0", re.DOTALL)
SMB2_SYSTEM_TIME = 4 + 64 + 40  # behind the transport's and SMB2's header (MS-SMB2, section 2.2.4)


def later(found):
    at = datetime.datetime.strptime(found[0].decode(), "%Y%m%d%H%M%S")
    return (at + AHEAD).strftime("%Y%m%d%H%M%S").encode()


def put_ahead(chunk):
    """Moves the times of Kerberos, LDAP and SMB in what a server said."""
    if SMB2_NEGOTIATE.match(chunk):
        chunk = bytearray(chunk)
        ticks, = struct.unpack_from("<Q", chunk, SMB2_SYSTEM_TIME)
        struct.pack_into("<Q", chunk, SMB2_SYSTEM_TIME, ticks + int(AHEAD.total_seconds()) * 10**7)
        return chunk
    return GENERALIZED_TIME.sub(later, chunk)


ahead = relay(chunks, down=put_ahead)


def datagram_ahead(server, datagram, client):
    """Gives the time as an NTP server does, ten minutes ahead."""
    now = struct.pack("!II", int(time.time()) + 2208988800 + int(AHEAD.total_seconds()), 0)
    server.sendto(struct.pack("!BBbbII4s8s8s8s8s", 0x24, 2, 6, -20, 0, 0, b"\x7f\0\0\1", now, datagram[40:48], now, now), client)
