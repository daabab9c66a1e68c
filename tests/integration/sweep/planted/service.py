"""A service whose memory is known: it takes exactly so many MB for an upload, and gives them back.

`PLANTED_SHAPE=sum` takes a*x + b*y + c at once. `PLANTED_SHAPE=peaks` takes c + a*x, gives it back, and then takes
c + b*y: two peaks that do not coincide. `PLANTED_X` and `PLANTED_Y` are its knobs, the rest are what is planted.
"""

import email.parser
import json
import mmap
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MIB = 2**20
HELD_S = 0.25
TICKETS: dict[str, dict[str, object]] = {}


def number(name: str) -> float:
    """A number of the environment."""
    return float(os.environ[f"PLANTED_{name}"])


def hold(megabytes: float) -> None:
    """Take memory, touch every page, keep it for a while, give it back."""
    memory = mmap.mmap(-1, max(1, int(megabytes * MIB)), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, len(memory), mmap.PAGESIZE):
        memory[offset] = 1
    time.sleep(HELD_S)
    memory.close()


def keep(ticket: str, lines: int) -> None:
    """Import: only the memory matters."""
    a, b, c, x, y = (number(name) for name in "ABCXY")
    if os.environ["PLANTED_SHAPE"] == "peaks":
        hold(c + a * x)
        hold(c + b * y)
    else:
        hold(a * x + b * y + c)
    TICKETS[ticket] = {"state": "KEPT", "kept": lines}


class Handler(BaseHTTPRequestHandler):
    """POST /ingest, GET /tickets/ID, GET /alive."""

    def do_POST(self) -> None:
        """Take an upload."""
        body = self.rfile.read(int(self.headers["content-length"]))
        head = b"content-type: " + self.headers["content-type"].encode() + b"\r\n\r\n"
        parts = email.parser.BytesParser().parsebytes(head + body).walk()
        files = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
        lines = sum(line.strip() != b"" for one in files if isinstance(one, bytes) for line in one.splitlines())
        ticket = str(uuid.uuid4())
        TICKETS[ticket] = {"state": "BUSY", "kept": 0}
        threading.Thread(target=keep, args=(ticket, lines), daemon=True).start()
        self._answer(202, {"ticket": ticket})

    def do_GET(self) -> None:
        """Tell that it lives, or how a ticket goes."""
        ticket = TICKETS.get(self.path.rpartition("/")[2])
        self._answer(200 if self.path == "/alive" or ticket else 404, ticket or {})

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""

    def _answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PLANTED_PORT"])), Handler).serve_forever()
