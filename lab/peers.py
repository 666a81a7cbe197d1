# SPDX-License-Identifier: Apache-2.0
"""The peers that the firewall redirects a port to: each takes a connection and
behaves badly in its own way. Runs in ex-fw until it is ended."""

import selectors
import socket
import struct
import threading

PAGE = b"<html><title>Access Denied</title><body>Blocked by policy</body></html>\n"
BLOCK = b"HTTP/1.1 403 Forbidden\r\nServer: squid\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)


def drain(conn):
    """Reads until the other side hangs up, so that closing sends no RST."""
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


PEERS = {
    7001: silent,
    7002: fin,
    7003: rst,
    7004: say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
    7005: block,
    7006: say(b"+OK POP3 ready, no TLS here\r\n"),
}


def serve(behave, conn):
    with conn:
        try:
            behave(conn)
        except OSError:
            pass  # the client has gone


def main():
    selector = selectors.DefaultSelector()
    for port, behave in PEERS.items():
        listener = socket.create_server(("::", port), family=socket.AF_INET6, backlog=128, dualstack_ipv6=True)
        selector.register(listener, selectors.EVENT_READ, behave)
    while True:
        for key, _ in selector.select():
            conn, _ = key.fileobj.accept()
            threading.Thread(target=serve, args=(key.data, conn), daemon=True).start()


main()
