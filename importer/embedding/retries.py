"""Tries a provider request again: back-off with jitter, Retry-After, and what each refusal means for the job."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isnan
from typing import TYPE_CHECKING, TypeVar

from importer.errors import ImporterError, ProviderError

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.counters import Counters

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 20.0
REJECTED_INPUT = frozenset({400, 413, 422})
"""HTTP statuses that are about what was sent: sending it again would be refused again."""
_WORTH_RETRYING = frozenset({408, 409, 425, 429})


class ProviderRefusal(ImporterError):
    """A provider answered with an HTTP status other than 200."""

    def __init__(self, status: int, text: str, retry_after: str | None = None) -> None:
        super().__init__(f"HTTP {status}: {text[:300]}")
        self.status = status
        self.retry_after = retry_after


class ProviderUnreachable(ImporterError):
    """No complete answer came: a timeout, a lost connection, a body that was cut."""


class WrongAnswer(ImporterError):
    """An answer with status 200 is not an answer to what was asked."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a request may take and how often it is tried."""

    timeout_s: float
    max_retries: int
    retry_after_max_s: float

    @classmethod
    def of(cls, settings: Settings) -> RetryPolicy:
        """Return the policy that the settings describe."""
        return cls(settings.provider_timeout_s, settings.provider_max_retries, settings.retry_after_max_s)


async def with_retries(
    request: Callable[[], Awaitable[T]], inputs: int, policy: RetryPolicy, counters: Counters, sleep: Sleep
) -> T:
    """Return what `request` (of so many inputs) answers, tried at most 1 + `max_retries` times with `sleep` between.

    ProviderError when that does not help, ProviderRefusal at once when the provider rejects the input itself.
    `sleep` may raise to give up early.
    """
    tries = 0
    while True:
        counters.provider_requests += 1
        try:
            async with asyncio.timeout(policy.timeout_s):
                answer = await request()
            counters.billed_inputs += inputs
            return answer
        except TimeoutError:
            failure: ImporterError = ProviderUnreachable(f"no answer within {policy.timeout_s:g} s")
        except (ProviderRefusal, ProviderUnreachable, WrongAnswer) as error:
            failure = error
            counters.billed_inputs += inputs if isinstance(error, WrongAnswer) else 0
        _raise_if_final(failure, policy, tries)
        counters.provider_retries += 1
        await sleep(_delay_s(failure, tries))
        tries += 1


def _raise_if_final(failure: ImporterError, policy: RetryPolicy, tries: int) -> None:
    if isinstance(failure, ProviderRefusal):
        if failure.status in REJECTED_INPUT:
            raise failure
        _raise_if_hopeless(failure, policy)
    if tries >= policy.max_retries:
        raise ProviderError(_code_of(failure), f"gave up after {tries + 1} tries: {failure}") from failure


def _raise_if_hopeless(refusal: ProviderRefusal, policy: RetryPolicy) -> None:
    if refusal.status in {401, 403}:
        # Providers repeat a part of the key in this answer, so its text is not told.
        raise ProviderError("provider_auth", f"the provider does not accept the key (HTTP {refusal.status})")
    if refusal.status < 500 and refusal.status not in _WORTH_RETRYING:
        raise ProviderError("provider_refused", f"the provider refuses the request: {refusal}")
    wait_s = _retry_after_s(refusal.retry_after)
    if wait_s is not None and wait_s > policy.retry_after_max_s:
        raise ProviderError(
            "rate_limited", f"the provider asks to wait {wait_s:.0f} s, more than {policy.retry_after_max_s:g} s"
        )


def _code_of(failure: ImporterError) -> str:
    if isinstance(failure, WrongAnswer):
        return "provider_answer"
    rate_limited = isinstance(failure, ProviderRefusal) and failure.status == 429
    return "rate_limited" if rate_limited else "provider_unavailable"


def _delay_s(failure: ImporterError, tries: int) -> float:
    """Retry-After where there is one, else 0.25 s doubling up to 20 s, of which a random half is kept."""
    wait_s = _retry_after_s(failure.retry_after) if isinstance(failure, ProviderRefusal) else None
    if wait_s is not None:
        return wait_s
    return min(FIRST_DELAY_S * 2.0**tries, LONGEST_DELAY_S) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)


def _retry_after_s(value: str | None) -> float | None:
    """Seconds that a Retry-After header (seconds or an HTTP date) asks for; None when it says nothing usable."""
    if not value:
        return None
    try:
        wait_s = float(value)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return None if isnan(wait_s) else max(0.0, wait_s)
