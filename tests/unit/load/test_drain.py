"""What became of imports once the load is gone, as far as the service can still be asked."""

from collections.abc import Callable

import httpx

from harness.client import Client
from harness.load.drain import drain
from harness.load.refusal import Refused
from harness.load.rows import ImportSeen
from harness.load.seen import JobEnd
from harness.target import SCENARIOS, load_target

SEEN = (ImportSeen("a", 1, 0.0, None, 0, 0),)


def _drained(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[JobEnd, bool]:
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x")
    ends, drained = drain(Client(http, load_target("importer", SCENARIOS).http), SEEN, 0.5)
    return ends[0], drained


def test_only_404_says_that_an_import_is_unknown() -> None:
    """It was acknowledged, so it is lost."""
    end, drained = _drained(lambda _: httpx.Response(404))
    assert (end.is_lost, drained) == (True, True)


def test_an_answer_that_says_nothing_of_an_import_is_asked_for_again() -> None:
    """A proxy's 503 is no loss; what is never told is not over."""
    answers = iter([httpx.Response(503), httpx.Response(502)])
    good = {"status": "completed", "documents_done": 1, "documents_failed": 0}
    end, drained = _drained(lambda _: next(answers, httpx.Response(200, json=good)))
    assert (end.is_lost, end.is_complete, drained) == (False, True, True)
    end, drained = _drained(lambda _: httpx.Response(503))
    assert (end.is_lost, end.told, drained) == (False, False, False)


def test_a_sign_in_that_fails_is_no_loss() -> None:
    """The result of the load is still told."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise Refused("signing in failed")

    end, drained = _drained(answer)
    assert (end.is_lost, end.told, drained) == (False, False, False)


def test_a_service_that_dies_while_it_is_asked_to_resume_is_waited_for() -> None:
    """Nothing is raised."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"status": "interrupted"})

    end, drained = _drained(answer)
    assert (end.state, end.is_lost, drained) == ("interrupted", False, False)
