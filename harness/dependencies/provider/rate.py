"""The stub's rate limit: a bucket that refills steadily and holds one second's worth of requests."""


class RateLimit:
    """Admits `per_s` requests a second, all of them when it is 0; times are seconds of one monotonic clock."""

    def __init__(self, per_s: float, now_s: float) -> None:
        self._per_s = per_s
        self._capacity = max(1.0, per_s)
        self._left = self._capacity
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """Admit a request and return 0, or return the seconds to wait until one would be admitted."""
        if self._per_s == 0:
            return 0.0
        self._left = min(self._capacity, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return (1 - self._left) / self._per_s
        self._left -= 1
        return 0.0
