"""Runs another interpreter in the process, and functions that are seen only while a library has let go of the GIL."""

import importlib
import sqlite3
import sys
import threading

interpreters = importlib.import_module("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
QUERY = "select hex(randomblob(4000))"


def work(thread: int) -> None:
    """Make functions that go after one call."""
    connection = sqlite3.connect(":memory:", cached_statements=0)
    for number in range(100):
        names: dict[str, object] = {}
        name = f"größe_{thread}_{number}"
        exec(compile(f"def {name}(c):\n    return c.execute({QUERY!r})\n", f"<{name}>", "exec"), names)  # noqa: S102
        function = names[name]
        assert callable(function)
        function(connection)


other = interpreters.create()
run = getattr(interpreters, "run_string", None) or interpreters.exec
run(other, "import json\ndef f():\n    return bytearray(3_000_000)\nkept = f()")
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
interpreters.destroy(other)
print("went to its end")  # noqa: T201
