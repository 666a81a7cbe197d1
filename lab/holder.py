#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holder.py PORT...: another program that has these ports of every address. At 80
it answers requests, and elsewhere it says nothing."""

import socket
import sys
import threading

ANSWER = b"HTTP/1.1 200 OK\r\nServer: holder\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def serve(conn, port):
    try:
        with conn:
            while piece := conn.recv(4096):
                if port == "80" and b"\r\n\r\n" in piece:
                    conn.sendall(ANSWER)
                    return
    except OSError:
        pass  # the client has gone


def accept(listener, port):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, port), daemon=True).start()


for port in sys.argv[1:]:
    listener = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
    threading.Thread(target=accept, args=(listener, port)).start()
