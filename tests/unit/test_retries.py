"""Retries of provider requests: which faults are tried again, how long is waited, and what each means in the end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from importer.counters import Counters
from importer.embedding.retries import ProviderRefusal, ProviderUnreachable, RetryPolicy, WrongAnswer, with_retries
from importer.errors import ProviderError

POLICY = RetryPolicy(timeout_s=5.0, max_retries=3, retry_after_max_s=120.0)


class Scripted:
    """A request that fails as told, one fault a try, and then answers."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = list(faults)
        self.slept: list[float] = []
        self.counters = Counters()

    async def run(self, policy: RetryPolicy = POLICY) -> str:
        """Run it with retries that do not really wait."""
        return await with_retries(self._request, 7, policy, self.counters, self._sleep)

    async def _request(self) -> str:
        if self._faults:
            raise self._faults.pop(0)
        return "answer"

    async def _sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)


@pytest.mark.parametrize(
    "fault",
    [ProviderRefusal(status, "") for status in (408, 409, 429, 500, 502, 503, 529)]
    + [ProviderUnreachable("reset"), WrongAnswer("too few vectors")],
    ids=str,
)
async def test_what_may_pass_is_tried_again(fault: Exception) -> None:
    """Overload, server errors, lost connections and wrong answers are tried again, with growing delays."""
    script = Scripted(fault, fault, fault)
    assert await script.run() == "answer"
    for delay_s, longest_s in zip(script.slept, (0.25, 0.5, 1.0), strict=True):
        assert longest_s / 2 <= delay_s <= longest_s
    assert script.counters.provider_requests == 4
    assert script.counters.provider_retries == 3


async def test_answers_with_status_200_are_counted_as_billed() -> None:
    """A wrong answer has been billed like a right one; a refusal has not."""
    script = Scripted(WrongAnswer("shuffled"), ProviderRefusal(500, ""))
    await script.run()
    assert script.counters.billed_inputs == 14


@pytest.mark.parametrize(("value", "expected_s"), [("0", 0.0), ("3", 3.0), ("2.5", 2.5), ("120", 120.0), ("-4", 0.0)])
async def test_retry_after_in_seconds_is_honoured(value: str, expected_s: float) -> None:
    """Exactly the time that the provider asks for is waited."""
    script = Scripted(ProviderRefusal(429, "", value))
    await script.run()
    assert script.slept == [expected_s]


async def test_retry_after_as_a_date_is_honoured() -> None:
    """A date counts from now; one that has passed means at once."""
    soon, past = datetime.now(UTC) + timedelta(seconds=30), datetime.now(UTC) - timedelta(hours=1)
    dates = (format_datetime(soon, usegmt=True), format_datetime(past, usegmt=True))
    script = Scripted(*(ProviderRefusal(503, "", date) for date in dates))
    await script.run()
    assert 28 < script.slept[0] <= 30
    assert script.slept[1] == 0


@pytest.mark.parametrize("value", [None, "", "soon", "nan"])
async def test_without_a_usable_retry_after_it_backs_off(value: str | None) -> None:
    """A header that says nothing is no reason to try again at once."""
    script = Scripted(ProviderRefusal(429, "", value))
    await script.run()
    assert script.slept[0] >= 0.125


@pytest.mark.parametrize("value", ["121", "1e9", "inf", "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_a_huge_retry_after_interrupts_at_once(value: str) -> None:
    """Longer than `retry_after_max_s` is not waited for: the job can be resumed later."""
    script = Scripted(ProviderRefusal(429, "", value))
    with pytest.raises(ProviderError) as raised:
        await script.run()
    assert raised.value.code == "rate_limited"
    assert not script.slept


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ProviderRefusal(429, "slow down"), "rate_limited"),
        (ProviderRefusal(503, "overloaded"), "provider_unavailable"),
        (ProviderUnreachable("reset"), "provider_unavailable"),
        (WrongAnswer("NaN"), "provider_answer"),
    ],
    ids=str,
)
async def test_it_gives_up_with_the_fault_as_code(fault: Exception, code: str) -> None:
    """After 1 + `max_retries` tries the job is interrupted, and the code says why."""
    script = Scripted(*[fault] * 4)
    with pytest.raises(ProviderError) as raised:
        await script.run()
    assert raised.value.code == code
    assert script.counters.provider_requests == 4


@pytest.mark.parametrize(
    ("status", "code"), [(401, "provider_auth"), (403, "provider_auth"), (404, "provider_refused")]
)
async def test_what_no_retry_mends_interrupts_at_once(status: int, code: str) -> None:
    """A wrong key or model is told at once, and the key is never repeated."""
    script = Scripted(ProviderRefusal(status, "Incorrect key sk-secret" if status != 404 else "no such model"))
    with pytest.raises(ProviderError) as raised:
        await script.run()
    assert raised.value.code == code
    assert "secret" not in str(raised.value)
    assert script.counters.provider_requests == 1


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_rejected_input_is_handed_back(status: int) -> None:
    """What is about the input itself goes to the caller, who finds out which input it is."""
    script = Scripted(ProviderRefusal(status, "too long"))
    with pytest.raises(ProviderRefusal):
        await script.run()
    assert not script.slept


async def test_a_request_that_takes_too_long_is_abandoned() -> None:
    """A slow drip keeps a connection busy for ever; the whole request has a deadline."""
    never = asyncio.Event()

    async def hang() -> str:
        await never.wait()
        return ""

    policy = RetryPolicy(timeout_s=0.01, max_retries=1, retry_after_max_s=1)
    with pytest.raises(ProviderError) as raised:
        await with_retries(hang, 1, policy, Counters(), _no_wait())
    assert raised.value.code == "provider_unavailable"


def _no_wait() -> Callable[[float], Awaitable[None]]:
    async def sleep(duration_s: float) -> None:
        """Return at once."""

    return sleep
