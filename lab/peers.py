# SPDX-License-Identifier: Apache-2.0
"""The peers that the firewall redirects a port to: each takes a connection and
behaves badly in its own way. Runs in ex-fw until it is ended."""

import os
import random
import selectors
import socket
import struct
import threading

import relay

PAGE = b"<html><title>Access Denied</title><body>Blocked by policy</body></html>\n"
BLOCK = b"HTTP/1.1 403 Forbidden\r\nServer: squid\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)


def drain(conn):
    """Reads until the other side hangs up, so closing sends no RST."""
    while conn.recv(4096):
        pass


def silent(conn):
    drain(conn)


def fin(conn):
    conn.shutdown(socket.SHUT_WR)
    drain(conn)


def rst(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say(text):
    def speak(conn):
        conn.sendall(text)
        drain(conn)
    return speak


def block(conn):
    """Answers a request; a client that waits for a greeting gets the page too."""
    conn.settimeout(0.2)
    try:
        conn.recv(4096)
    except TimeoutError:
        pass
    conn.settimeout(None)
    conn.sendall(BLOCK)
    fin(conn)


def noise():
    return os.urandom(random.randint(1, 2000))


def babble(conn):
    """Greets with noise, or waits, and answers whatever it gets with more."""
    if random.random() < 0.5:
        conn.sendall(noise())
    while conn.recv(4096):
        conn.sendall(noise())


PEERS = {
    7001: silent,
    7002: fin,
    7003: rst,
    7004: say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
    7005: block,
    7006: say(b"+OK POP3 ready, no TLS here\r\n"),
    7007: babble,
    7008: say(b"220 AVG ESMTP Proxy Server Beta - 7.0/7.0.300 [267.15.0]\r\n"),
    7009: relay.inspected,
    7010: relay.no_ehlo,
    7011: relay.no_certificate,
    7012: relay.ahead,
    7013: relay.own_banner,
    7014: relay.stripped,
    7015: relay.noted,
}

DATAGRAM_PEERS = {
    7007: lambda server, datagram, client: server.sendto(noise(), client),
    7012: relay.datagram_ahead,
}


def guarded(behave, *args):
    try:
        behave(*args)
    except OSError:
        pass  # the client has gone


def serve(behave, conn):
    with conn:
        guarded(behave, conn)


def accept(listener, behave):
    conn, _ = listener.accept()
    threading.Thread(target=serve, args=(behave, conn), daemon=True).start()


def receive(server, behave):
    datagram, client = server.recvfrom(65535)
    threading.Thread(target=guarded, args=(behave, server, datagram, client), daemon=True).start()


def main():
    selector = selectors.DefaultSelector()
    # One socket per family: otherwise the kernel does not tell which address a client meant.
    for family, host in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        for port, behave in PEERS.items():
            listener = socket.create_server((host, port), family=family, backlog=128)
            selector.register(listener, selectors.EVENT_READ, (accept, behave))
        for port, behave in DATAGRAM_PEERS.items():
            server = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.bind((host, port))
            selector.register(server, selectors.EVENT_READ, (receive, behave))
    while True:
        for key, _ in selector.select():
            take, behave = key.data
            take(key.fileobj, behave)


main()
