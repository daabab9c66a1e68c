"""Makes code that does not stay, and says so where memory grew by more than it should."""

import resource

COUNT, GROWN_MOST_KB = 20_000, 12_000


def make(number: int) -> None:
    """Run code of a file of its own once."""
    code = compile("def f():\n    return bytearray(600)\nf()", f"<made {number} {'x' * 200}>", "exec")
    exec(code, {})  # noqa: S102


make(0)
before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for number in range(COUNT):
    make(number)
grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
print("went to its end" if grown_kb < GROWN_MOST_KB else f"grew by {grown_kb} kB")  # noqa: T201
