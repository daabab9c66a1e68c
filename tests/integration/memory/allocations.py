"""Allocates in every way that a stack can come about, and keeps all of it; a traced program of the tests."""

import asyncio
import lzma
import sys
import threading
from collections.abc import Iterator

KEPT: list[object] = []
PEAK_BYTES = 64 * 2**20
"""Taken last, and more than all the rest: what is kept is there when the heap is at its highest."""


def direct(size: int) -> None:
    """Allocate in the function itself."""
    KEPT.append(bytearray(size))


def from_two_lines() -> None:
    """Allocate by the same function, called from two lines."""
    direct(10_001)
    direct(10_002)


def recursive(depth: int) -> None:
    """Allocate below `depth` calls of itself."""
    if depth:
        recursive(depth - 1)
    else:
        KEPT.append(bytearray(20_000))


def generated() -> Iterator[int]:
    """Allocate in a generator."""
    for size in range(3000, 3020):
        KEPT.append(bytearray(size))
        yield size


def two_generators() -> None:
    """Go through two of them in turn."""
    for first, second in zip(generated(), generated(), strict=True):
        KEPT.append(bytearray(first + second))


def unwound(depth: int) -> None:
    """Allocate while an exception passes."""
    try:
        if not depth:
            raise LookupError
        unwound(depth - 1)
    finally:
        KEPT.append(bytearray(2000 + depth))


class Finalized:
    """Allocates when it goes."""

    def __del__(self) -> None:
        KEPT.append(bytearray(4000))


def finalize() -> None:
    """Let objects go."""
    for _ in range(10):
        Finalized()


def größe() -> None:  # noqa: PLC2401
    """Allocate in a function whose name is not ASCII."""
    KEPT.append(bytearray(5000))


def made_at_run_time() -> None:
    """Allocate in functions whose code does not stay."""
    for number in range(50):
        names: dict[str, object] = {"kept": KEPT}
        exec(f"def made_{number}():\n    kept.append(bytearray({6000 + number}))\nmade_{number}()", names)  # noqa: S102


def without_the_gil() -> None:
    """Have a library allocate while the GIL is let go."""
    compressor = lzma.LZMACompressor(preset=0)
    KEPT.append(compressor.compress(b"0123456789" * 10_000))
    KEPT.append(compressor)


def in_threads() -> None:
    """Allocate in many threads at once."""
    for round_ in range(5):
        threads = [threading.Thread(target=direct, args=(7000 + round_,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


async def awaited(size: int) -> None:
    """Allocate after a switch of tasks."""
    await asyncio.sleep(0)
    KEPT.append(bytearray(size))


async def awaiting(size: int) -> None:
    """Await that twice."""
    await awaited(size)
    await awaited(size + 1)


async def in_tasks() -> None:
    """Do so in many tasks."""
    await asyncio.gather(*(awaiting(8000 + 2 * number) for number in range(50)))


def main(deepest: int) -> None:
    """Do all of it."""
    from_two_lines()
    sys.setrecursionlimit(deepest + 1000)
    for depth in (10, deepest, 500):
        recursive(depth)
    two_generators()
    try:
        unwound(20)
    except LookupError:
        finalize()
    größe()
    made_at_run_time()
    without_the_gil()
    in_threads()
    asyncio.run(in_tasks())
    direct(PEAK_BYTES)


if __name__ == "__main__":
    main(int(sys.argv[1]))
