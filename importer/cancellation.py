"""Ends tasks for certain.

On Python 3.11 `asyncio.wait_for`, with which psycopg waits, loses a cancellation that arrives together with what it
waits for (fixed in 3.12): the task goes on as if nothing had been asked. So a task is cancelled until it has ended.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_AFTER_S = 0.2


async def end_tasks(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks until all have ended; what they raise at their end is dropped."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=_AGAIN_AFTER_S)
        # Reading the exception tells asyncio that nobody has forgotten it.
        for task in done:
            _ = task.cancelled() or task.exception()
