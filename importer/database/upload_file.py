"""A stored file of an upload as a seekable binary stream that holds one of its parts at a time."""

import io
import time
from typing import Any, BinaryIO, cast
from uuid import UUID

import psycopg

from importer.database.pool import conninfo
from importer.database.queries import load_queries
from importer.uploads import PART_BYTES

_SQL = load_queries("uploads.sql")
BUFFER_BYTES = 64 * 1024
OUTAGE_S, RETRY_S = 10.0, 0.1


def open_upload(database_url: str, job_id: UUID, ordinal: int, size_bytes: int) -> BinaryIO:
    """Open a file of an upload for reading, over a connection of its own that closes with it; for threads."""
    return cast(BinaryIO, io.BufferedReader(_PartReader(database_url, job_id, ordinal, size_bytes), BUFFER_BYTES))


class _PartReader(io.RawIOBase):
    """What `io.BufferedReader` reads from: any position of the file, through the part that covers it."""

    def __init__(self, database_url: str, job_id: UUID, ordinal: int, size_bytes: int) -> None:
        self._conninfo = conninfo(database_url, "importer-read")
        self._connection = psycopg.connect(self._conninfo, autocommit=True)
        self._file = (job_id, ordinal)
        self._size_bytes = size_bytes
        self._position = 0
        self._part = -1
        self._data = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        if start + offset < 0:
            raise ValueError("a position before the start of the file")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._size_bytes:
            return 0
        part, start = divmod(self._position, PART_BYTES)
        self._load(part)
        piece = memoryview(self._data)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _load(self, part: int) -> None:
        if part == self._part:
            return
        row = self._fetch(part)
        if row is None:
            raise EOFError(f"part {part} of the upload is gone")
        self._part, self._data = part, row[0]

    def _fetch(self, part: int) -> tuple[bytes] | None:
        """Read a part, over a new connection where the old one was lost; for how long that is tried is bounded."""
        deadline_s = time.monotonic() + OUTAGE_S
        while True:
            try:
                if self._connection.closed:
                    self._connection = psycopg.connect(self._conninfo, autocommit=True)
                return self._connection.cursor(binary=True).execute(_SQL["part"], (*self._file, part)).fetchone()
            except psycopg.OperationalError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(RETRY_S)

    def close(self) -> None:
        if not self.closed:
            self._connection.close()
        super().close()
