#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""intercept.py PORT CERTIFICATE KEY: a proxy that opens TLS. It ends the TLS of whoever
is redirected to it with a certificate of its own, makes TLS of its own to where the
client wanted to go, and passes on what was said inside. It offers whatever ALPN the
client does, exreach's contact too: it must be found out all the same."""

import select
import socket
import ssl
import sys
import threading

import relay

CONTACT = "exreach-contact/1"


def upstream(conn, offered):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if offered:
        context.set_alpn_protocols([offered])
    return context.wrap_socket(socket.create_connection(relay.original(conn)))


def received(conn):
    """Returns what came, or None if only TLS itself had something to say."""
    conn.setblocking(False)
    try:
        return conn.recv(65536)
    except ssl.SSLWantReadError:
        return None
    finally:
        conn.setblocking(True)


def join(client, server, hear=lambda piece: None):
    """Passes on what both say until one of them ends; hear gets what the client says."""
    other = {client: server, server: client}
    while True:
        ready = [c for c in other if c.pending()] or select.select(list(other), [], [])[0]
        for conn in ready:
            piece = received(conn)
            if piece == b"":
                return
            if piece and conn is client:
                hear(piece)
            if piece:
                other[conn].sendall(piece)


def serve(conn, context):
    try:
        with context.wrap_socket(conn, server_side=True) as client, upstream(client, client.selected_alpn_protocol()) as server:
            join(client, server)
    except OSError:
        pass  # one of them has gone, or speaks no TLS


def listen(listener, context):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, context), daemon=True).start()


def main():
    port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols([CONTACT, "http/1.1"])
    threads = []
    # One socket per family: otherwise the kernel does not tell which address a client meant.
    for family, host in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        listener = socket.create_server((host, int(port)), family=family, backlog=128)
        threads.append(threading.Thread(target=listen, args=(listener, context)))
        threads[-1].start()


if __name__ == "__main__":
    main()
