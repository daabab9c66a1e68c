"""A deliberately different service: other paths, other names, its own table, no job queue, standard library HTTP.

It keeps one note a line. `NOTES_HOARD_BYTES` makes it keep that much memory for each line, so that a limit can be
reached; `NOTES_CALL` makes it call a URL first, so that an attempt to leave the box can be seen.
"""

import email.parser
import json
import os
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (ticket uuid, line integer, body text, PRIMARY KEY (ticket, line))"
STORE = "INSERT INTO notes VALUES (%s, %s, %s)"
TICKETS: dict[str, dict[str, object]] = {}
HOARD: list[bytearray] = []


def main() -> None:
    """Serve until killed."""
    with psycopg.connect(os.environ["NOTES_DB"]) as connection:
        connection.execute(SCHEMA)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["NOTES_PORT"])), Handler).serve_forever()


class Handler(BaseHTTPRequestHandler):
    """POST /ingest, GET /tickets/ID, GET /alive."""

    def do_POST(self) -> None:
        """Take a multipart upload and begin to keep its lines."""
        body = self.rfile.read(int(self.headers["content-length"]))
        ticket = str(uuid.uuid4())
        TICKETS[ticket] = {"state": "BUSY", "share": 0.0, "kept": 0, "lost": 0}
        lines = _lines(self.headers["content-type"], body)
        threading.Thread(target=_keep, args=(ticket, lines), daemon=True).start()
        self._answer(202, {"ticket": {"id": ticket}})

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


def _lines(content_type: str, body: bytes) -> list[str]:
    message = email.parser.BytesParser().parsebytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    texts = [part.decode() for part in parts if isinstance(part, bytes)]
    return [line for text in texts for line in text.splitlines() if line.strip()]


def _keep(ticket: str, lines: list[str]) -> None:
    hoard_bytes = int(os.environ.get("NOTES_HOARD_BYTES", "0"))
    if "NOTES_CALL" in os.environ:
        _call(os.environ["NOTES_CALL"])
    with psycopg.connect(os.environ["NOTES_DB"]) as connection:
        for number, line in enumerate(lines, 1):
            HOARD.append(bytearray(b"x") * hoard_bytes)
            connection.execute(STORE, (ticket, number, line))
            TICKETS[ticket].update(share=number / len(lines), kept=number)
    TICKETS[ticket]["state"] = "KEPT"


def _call(url: str) -> None:
    try:
        urllib.request.urlopen(url, data=b"{}", timeout=2).close()  # noqa: S310
    except (urllib.error.URLError, OSError):
        return


if __name__ == "__main__":
    main()
