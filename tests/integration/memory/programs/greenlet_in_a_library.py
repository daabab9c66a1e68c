"""Loads greenlet while threads are in a library without the GIL."""

import importlib
import sqlite3
import threading
import time

QUERY = "select hex(randomblob(4000))"
ended = threading.Event()


def first(connection: sqlite3.Connection) -> None:
    """Have the library allocate in this function."""
    connection.execute(QUERY)


def second(connection: sqlite3.Connection) -> None:
    """And in this one."""
    connection.execute(QUERY)


def work() -> None:
    """Do so in turn until it is over."""
    connection = sqlite3.connect(":memory:", cached_statements=0)
    while not ended.is_set():
        first(connection)
        second(connection)


threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
greenlet = importlib.import_module("greenlet")
deadline_s = time.monotonic() + 0.5
while time.monotonic() < deadline_s:
    greenlet.greenlet(lambda: bytearray(1000)).switch()
ended.set()
for thread in threads:
    thread.join()
print("went to its end")  # noqa: T201
