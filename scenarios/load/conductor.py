"""Walks through the stages: each begins when the wished users are really there, and lasts from then on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.load.errand import Stage

Wish = tuple[int, float]
"""So many users, and how many of them a second."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stage has begun, ended, or did not get its users."""

    stage: int
    state: str
    """`begin`, `end` or `unreached`."""
    users: int


class Conductor:
    """Asked about once a second how many users are wished; None ends the load."""

    def __init__(
        self, stages: Sequence[Stage], spawn_per_s: float, ready_within_s: float, tell: Callable[[Mark], None]
    ) -> None:
        self._stages, self._spawn_per_s, self._ready_within_s, self._tell = stages, spawn_per_s, ready_within_s, tell
        self._at = 0
        self._wished_s: float | None = None
        self._begun_s: float | None = None
        self._over = False

    def tick(self, users: int, now_s: float, *, stopping: bool) -> Wish | None:
        """What is wished now, when `users` are there."""
        if self._over or stopping:
            self._end(users)
            return None
        if self._begun_s is not None and now_s - self._begun_s >= self._stages[self._at].hold_s:
            self._tell(Mark(self._at, "end", users))
            self._at, self._begun_s, self._wished_s = self._at + 1, None, None
        if self._at == len(self._stages):
            self._over = True
            return None
        if self._begun_s is None:
            return self._gather(users, now_s)
        return self._wish()

    def _gather(self, users: int, now_s: float) -> Wish | None:
        if self._wished_s is None:
            self._wished_s = now_s
        if users == self._stages[self._at].users:
            self._begun_s = now_s
            self._tell(Mark(self._at, "begin", users))
        elif now_s - self._wished_s > self._ready_within_s:
            self._tell(Mark(self._at, "unreached", users))
            self._over = True
            return None
        return self._wish()

    def _wish(self) -> Wish:
        return self._stages[self._at].users, self._spawn_per_s

    def _end(self, users: int) -> None:
        if not self._over and self._begun_s is not None:
            self._tell(Mark(self._at, "end", users))
        self._over = True
