#!/usr/bin/env python3
"""What sshd and ssh are elsewhere, between the hosts of tests/support/hosts: over their network, without keys.

remote_shell.py serve          on every host
remote_shell.py HOST COMMAND   as Open MPI calls its agent: the words become one line for the shell there
"""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import sys
from pathlib import Path

PORT = 2222


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        wanted = json.loads(self.rfile.readline())
        self.wfile.flush()
        code = subprocess.run(
            ["bash", "-c", wanted["line"]],
            stdin=subprocess.DEVNULL,
            stdout=self.connection,
            stderr=self.connection,
            cwd=wanted["folder"],
            check=False,
        ).returncode
        self.connection.sendall(b"\0" + bytes([code % 256]))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64


def call(host: str, line: str) -> int:
    received = b""
    with socket.create_connection((host, PORT), timeout=30) as connection:
        connection.settimeout(None)
        connection.sendall(json.dumps({"line": line, "folder": str(Path.cwd())}).encode() + b"\n")
        while piece := connection.recv(65536):
            received += piece
            text, end, code = received.partition(b"\0")
            sys.stdout.buffer.write(text)
            sys.stdout.flush()
            received = end + code
            if code:
                return code[0]
    return 255  # as ssh: the connection was lost


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        Server(("", PORT), Session).serve_forever()
    sys.exit(call(sys.argv[1], " ".join(sys.argv[2:])))
