"""Small real servers for e-mail and HTTP that accept, refuse, or accept and then say nothing more."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Mailbox:
    """What an SMTP server took, and how it behaves: accept, a code for RCPT or DATA, hang, or break off."""

    behaviour: str = "accept"
    taken: list[Mail] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class SmtpSession(socketserver.StreamRequestHandler):
    """One SMTP conversation, as far as Django speaks it."""

    server: SmtpServer
    timeout = 20

    def handle(self) -> None:
        box = self.server.box
        if box.behaviour.startswith("greet "):
            return self.say(box.behaviour.removeprefix("greet "))
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper().decode("ascii", "replace")
            if verb in ("EHLO", "HELO"):
                self.say("250 here")
            elif verb == "MAIL":
                self.say("250 go on")
            elif verb == "RCPT":
                if box.behaviour.startswith("rcpt "):
                    self.say(box.behaviour.removeprefix("rcpt "))
                else:
                    box.recipients.append(line.decode())
                    self.say("250 go on")
            elif verb == "DATA":
                if not self.take():
                    return
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 as you like")
        return None

    def take(self) -> bool:
        """Take the text of a mail, and answer as the server behaves."""
        box = self.server.box
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        box.taken.append(message_from_bytes(b"".join(lines), policy=modern))
        if box.behaviour == "hang":
            box.released.wait(20)
            return False
        if box.behaviour == "break":
            return False
        self.say(box.behaviour.removeprefix("data ") if box.behaviour.startswith("data ") else "250 taken")
        return True

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class SmtpServer(socketserver.ThreadingTCPServer):
    """An SMTP server on a free port of this machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.box = Mailbox()
        super().__init__(("127.0.0.1", 0), SmtpSession)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@dataclass
class Call:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpServer(ThreadingHTTPServer):
    """An HTTP server that keeps what arrives and answers as a test says; "hang", "break" answer nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: tuple[int, str] | str = (200, '{"code": 0, "errcode": 0}')
        self.answers: Callable[[Call], tuple[int, str]] | None = None
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), HttpSession)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class HttpSession(BaseHTTPRequestHandler):
    """One request."""

    server: HttpServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        call = Call(self.command, self.path, dict(self.headers.items()), body)
        self.server.calls.append(call)
        answer = self.server.answers(call) if self.server.answers else self.server.answer
        if answer == "hang":
            self.server.released.wait(20)
            return
        if answer == "break" or isinstance(answer, str):
            self.connection.close()
            return
        status, text = answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST  # noqa: N815  the name that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def serve(server: socketserver.BaseServer) -> Callable[[], None]:
    """Run a server in a thread, and return what stops it."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def stop() -> None:
        released = getattr(server, "released", None) or server.box.released  # type: ignore[attr-defined]
        released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop
