"""Importers that misbehave under load, as copies that only a test can start."""

from tests.planted.bugs import Bug, Patch

_SEARCH = "    vector = await embed_query(services, q)\n"
_ROUTER = 'router = APIRouter(prefix="/api", dependencies=[Depends(require_token)])\n'

LEAK = Bug(
    "leak",
    "",
    (
        Patch("api/search.py", _ROUTER, f"{_ROUTER}_KEPT: list[bytes] = []\n"),
        Patch("api/search.py", _SEARCH, f'{_SEARCH}    _KEPT.append(b"x" * 100_000)\n'),
    ),
    "",
)
"""Each search keeps 100 kB."""

SLOW_SEARCH = Bug(
    "slow_search",
    "",
    (Patch("api/search.py", _SEARCH, f'{_SEARCH}    await __import__("asyncio").sleep(0.8)\n'),),
    "",
)
"""Each search takes 800 ms more, and everything else is as quick as before."""

ONE_AT_A_TIME = Bug(
    "one_at_a_time",
    "",
    (
        Patch("api/search.py", _ROUTER, f'{_ROUTER}_ONE = __import__("asyncio").Semaphore(1)\n'),
        Patch(
            "api/search.py",
            _SEARCH,
            f'{_SEARCH}    async with _ONE:\n        await __import__("asyncio").sleep(0.5)\n',
        ),
    ),
    "",
)
"""Two searches a second, however many come."""
