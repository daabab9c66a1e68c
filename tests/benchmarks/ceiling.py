"""The bare ceiling: raw HTTP client, base64 decode, binary COPY; no service, no SDK, no job, no dedup.

`python -m tests.benchmarks.ceiling JSONL PROVIDER_URL DATABASE_URL` prints chunks and seconds as JSON. Chunks are
cut by length from the same file that the service imports, sent by a client that writes HTTP by hand on kept
connections, and copied into a table with a primary key while the next ones are under way.
"""

import asyncio
import base64
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

import orjson
import psycopg

CHUNK_CHARS = 880
BATCH_INPUTS = 192
CONNECTIONS = 4
ROWS_A_TRANSACTION = 576
DIMENSIONS = 1536
_ROW = Struct(">hiq")
_VECTOR = Struct(">iHH")
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


def batches(path: Path) -> Iterator[list[str]]:
    """Chunks of the file's texts, `BATCH_INPUTS` at a time."""
    batch: list[str] = []
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            text = "\n\n".join(filter(None, (record.get(field) for field in ("title", "abstract", "text"))))
            for start in range(0, len(text), CHUNK_CHARS):
                batch.append(text[start : start + CHUNK_CHARS])
                if len(batch) == BATCH_INPUTS:
                    yield batch
                    batch = []
    if batch:
        yield batch


async def embed(source: Iterator[list[str]], port: int, answers: asyncio.Queue[bytes | None]) -> None:
    """Ask for vectors over one kept connection until the source is empty; rows go to `answers`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    for batch in source:
        body = orjson.dumps({"model": "text-embedding-3-small", "input": batch, "encoding_format": "base64"})
        writer.write(
            b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            % len(body)
        )
        writer.write(body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        told = orjson.loads(await reader.readexactly(length))
        for text, one in zip(batch, told["data"], strict=True):
            await answers.put(_row(text, one["embedding"]))
    writer.close()


def _row(text: str, embedding: str) -> bytes:
    vector = array("f", base64.b64decode(embedding))
    vector.byteswap()
    raw, encoded = vector.tobytes(), text.encode()
    return b"".join((len(encoded).to_bytes(4), encoded, _VECTOR.pack(4 + len(raw), DIMENSIONS, 0), raw))


async def copy(database_url: str, answers: asyncio.Queue[bytes | None]) -> int:
    """Copy rows as they come, `ROWS_A_TRANSACTION` to a transaction; how many there were."""
    count = 0
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        # The row stays whole in its page, as in the service's own table: twice as fast as through TOAST.
        await connection.execute(
            "CREATE TABLE bare (id bigint PRIMARY KEY, text text, embedding vector) WITH (toast_tuple_target = 8160)"
        )
        await connection.commit()
        more = True
        while more:
            rows: list[bytes] = []
            while len(rows) < ROWS_A_TRANSACTION and more:
                row = await answers.get()
                more = row is not None
                if row is not None:
                    count += 1
                    rows.append(_ROW.pack(3, 8, count) + row)
            async with connection.cursor().copy("COPY bare FROM STDIN (FORMAT binary)") as sink:
                await sink.write(b"".join((_SIGNATURE, *rows, _END)))
            await connection.commit()
    return count


async def main(path: str, provider_url: str, database_url: str) -> None:
    """Run it and print the figures."""
    answers: asyncio.Queue[bytes | None] = asyncio.Queue(2 * ROWS_A_TRANSACTION)
    source, port = batches(Path(path)), int(provider_url.rpartition(":")[2])
    started_s = time.monotonic()
    copying = asyncio.create_task(copy(database_url, answers))
    await asyncio.gather(*(embed(source, port, answers) for _ in range(CONNECTIONS)))
    await answers.put(None)
    chunks = await copying
    print(orjson.dumps({"chunks": chunks, "seconds": time.monotonic() - started_s}).decode())


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(*sys.argv[1:]))
