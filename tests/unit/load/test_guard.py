"""The guard: what is not exactly a listed staging host is refused, in one sentence each."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from harness.load.approval import approve, confirm, plan_in_words, recheck
from harness.load.documents import load_material
from harness.load.errand import Habit, Tls
from harness.load.guard import check_listed, check_proof, pin, resolve
from harness.load.origin import parse_origin
from harness.load.pinned import Pinned, open_pinned, pins_of
from harness.load.plan import LoadPlan, with_locustfile
from harness.load.refusal import Refused
from harness.load.staging_plan import Caps, Guard, Metrics, Proof, StagingPlan
from harness.target import load_target
from tests.unit.load.sample_loads import plan

HTTP = load_target("importer", load_target.__globals__["SCENARIOS"]).http
FREE = Caps(users=50, rate_per_s=50.0, seconds=600.0, uploads=10, spend=0.0, price_per_million_tokens=0.0)
Answer = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], str]]


def _staging(handler: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
    nonce = parse_qs(urlsplit(handler.path).query).get("nonce", [""])[0]
    return 200, {}, f'{{"environment": "staging", "nonce": "{nonce}"}}'


@contextmanager
def _serving(answer: Answer) -> Iterator[int]:
    """A server on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("HTTPS://Staging.Example.ORG.", "https://staging.example.org"),
        ("https://staging.example.org:443/", "https://staging.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://bücher.example", "http://xn--bcher-kva.example"),
    ],
)
def test_an_origin_has_one_normal_form(text: str, normal: str) -> None:
    """Case, trailing dot, the scheme's own port, and names that are not ASCII."""
    assert str(parse_origin(text)) == normal


@pytest.mark.parametrize(
    "text",
    ["ftp://a", "//a", "a", "http://", "http://a/path", "http://a?x", "http://u:p@a", "http://a:99999", "http://.."],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    """A path, a password, another scheme: none of it belongs there."""
    with pytest.raises(Refused):
        parse_origin(text)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("https://production.example.org", "is not on the list"),
        ("https://staging.example.org.evil.example", "is not on the list"),
        ("https://staging.example.org:8443", "is not on the list.*what is listed there is https://staging.example.org"),
        ("http://staging.example.org", "is not on the list"),
        ("https://Staging.example.org", "written in another way"),
        ("https://staging.example.org.", "written in another way"),
        ("https://staging.example.org:443", "written in another way"),
    ],
)
def test_only_exactly_what_is_listed_may_be_loaded(host: str, says: str) -> None:
    """Another name, port or scheme, or the same in another spelling."""
    with pytest.raises(Refused, match=says):
        check_listed(host, ["https://staging.example.org"])


def test_the_list_is_empty_by_default_and_normal_throughout() -> None:
    """Nothing is allowed until somebody writes it down."""
    with pytest.raises(Refused, match="allow is empty"):
        check_listed("http://127.0.0.1:1", Guard().allow)
    with pytest.raises(Refused, match="not in its normal form"):
        check_listed("http://127.0.0.1:1", ["http://LOCALHOST:1"])
    assert str(check_listed("http://127.0.0.1:1/", ["http://127.0.0.1:1"])) == "http://127.0.0.1:1"


def test_a_name_that_comes_to_lead_elsewhere_is_refused() -> None:
    """The addresses of the first answer are the only ones."""
    answers: list[Sequence[str]] = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]]
    pinned = pin(parse_origin("http://staging.test:1"), lambda _name, _port: answers.pop(0))
    assert pinned.addresses == ("127.0.0.1",)
    recheck([pinned], lambda _name, _port: answers.pop(0))
    with pytest.raises(Refused, match=r"has come to lead to 127\.0\.0\.2"):
        recheck([pinned], lambda _name, _port: answers.pop(0))


def test_a_host_that_is_not_there_is_refused() -> None:
    """With its name."""

    def nothing(_name: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Refused, match=r"there is no host nowhere\.test"):
        pin(parse_origin("http://nowhere.test"), nothing)


def test_a_pinned_client_goes_to_the_pinned_address_and_nowhere_else() -> None:
    """Whatever the name resolves to; a name that is not pinned is not reached at all."""
    with _serving(_staging) as port:
        origin = parse_origin(f"http://staging.test:{port}")
        pinned = Pinned(origin, ("127.0.0.1",))
        with open_pinned(pinned, pins_of((pinned,)), Tls()) as client:
            assert client.get("/health").json()["environment"] == "staging"
            with pytest.raises(httpx.ConnectError, match="may reach"):
                client.get(f"http://127.0.0.1:{port}/health")


def _check(answer: Answer, proof: Proof = Proof()) -> None:
    with _serving(answer) as port:
        pinned = Pinned(parse_origin(f"http://127.0.0.1:{port}"), ("127.0.0.1",))
        with open_pinned(pinned, pins_of((pinned,)), Tls()) as client:
            check_proof(client, proof, [f"http://127.0.0.1:{port}", "http://127.0.0.1:9"])


def test_a_target_that_proves_itself_is_let_through() -> None:
    """By its JSON, or by headers."""
    _check(_staging)

    def by_header(handler: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
        nonce = parse_qs(urlsplit(handler.path).query)["n"][0]
        return 200, {"X-Environment": "staging", "X-Nonce": nonce}, ""

    _check(by_header, Proof("/x", "", "x-environment", "n", "", "x-nonce"))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _h: (200, {}, '{"environment": "production", "nonce": "x"}'), "says that it is 'production'"),
        (lambda _h: (200, {}, '{"environment": "Staging", "nonce": "x"}'), "not 'staging'"),
        (lambda _h: (200, {}, '{"environment": "staging", "nonce": "guess"}'), "did not echo the nonce"),
        (lambda _h: (200, {}, '{"environment": "staging"}'), "did not echo the nonce"),
        (lambda _h: (200, {}, "<html>staging</html>"), "says that it is None"),
        (lambda _h: (503, {}, ""), "answers 503"),
        (lambda _h: (302, {"Location": "https://production.example.org/"}, ""), "redirects to https://production.exam"),
        (lambda _h: (302, {"Location": "http://127.0.0.1:9/health"}, ""), "give that as --host"),
        (lambda _h: (301, {"Location": "/healthz"}, ""), "redirects to /healthz; name that path"),
    ],
)
def test_a_target_that_proves_nothing_is_refused(answer: Answer, says: str) -> None:
    """Production, a guess, a page, an error, and every redirect."""
    with pytest.raises(Refused, match=says):
        _check(answer)


def test_a_target_that_does_not_answer_is_refused() -> None:
    """Nobody listens on that port any more."""
    with _serving(_staging) as port:
        pass
    pinned = Pinned(parse_origin(f"http://127.0.0.1:{port}"), ("127.0.0.1",))
    with (
        open_pinned(pinned, pins_of((pinned,)), Tls()) as client,
        pytest.raises(Refused, match="does not answer"),
    ):
        check_proof(client, Proof(), [])


def test_every_pinned_address_is_tried_and_no_other_port() -> None:
    """A name may have an address where nobody listens; and a listed host is listed with its port."""
    with _serving(_staging) as port:
        pinned = Pinned(parse_origin(f"http://staging.example:{port}"), ("127.0.0.2", "127.0.0.1"))
        with open_pinned(pinned, pins_of((pinned,)), Tls()) as client:
            assert client.get("/health").status_code == 200
            with pytest.raises(httpx.ConnectError, match="is not an address that this load may reach"):
                client.get(f"http://staging.example:{port + 1}/health")


MATERIAL = load_material("synthetic:5", None)
OWN = with_locustfile(plan(), "mine.py")


def _approve(load: LoadPlan, guard: Guard, metrics: Metrics | None = None, delete: str | None = "/d/{job_id}") -> str:
    with _serving(_staging) as port:
        host = f"http://127.0.0.1:{port}"
        staging = StagingPlan(replace(guard, allow=(host,)), None, Tls(), metrics)
        approved = approve(host, load, staging, replace(HTTP, delete=delete), MATERIAL, resolve)
        return plan_in_words(approved, load, staging, "halfgig-")


def test_a_load_within_its_caps_is_approved_and_told_beforehand() -> None:
    """Where it goes, how much it is, what it creates and what it may cost."""
    words = _approve(plan(), Guard(caps=FREE))
    assert "10 users" in words
    assert "at most 10 imports named halfgig-*; all of it is deleted afterwards" in words


@pytest.mark.parametrize(
    ("load", "guard", "says"),
    [
        (plan(users=51), Guard(caps=FREE), "51 users are more than the cap"),
        (plan(rate_per_s=60.0), Guard(caps=FREE), "60 arrivals a second are more"),
        (
            plan(),
            Guard(caps=replace(FREE, seconds=25.0)),
            "25.5 s, with the gathering of users, are longer",
        ),
        (plan(), Guard(caps=replace(FREE, price_per_million_tokens=None)), "nobody says what the provider"),
        (plan(), Guard(caps=replace(FREE, price_per_million_tokens=1e6)), "more than the cap of 0"),
        (plan(), Guard(caps=replace(FREE, price_per_million_tokens=0.1, spend=9.0)), "cannot be followed"),
        (plan("memory.peak < 65%"), Guard(caps=FREE), "needs \\[metrics\\]"),
        (replace(plan(), locustfile="mine.py"), Guard(caps=FREE), "cannot be deleted"),
        (plan(), Guard(caps=replace(FREE, rate_per_s=9.0)), "may make 10 requests a second"),
        (OWN, Guard(caps=replace(FREE, price_per_million_tokens=None), accept_leftovers=True), "nobody says what"),
        (OWN, Guard(caps=replace(FREE, price_per_million_tokens=0.1), accept_leftovers=True), "cannot be followed"),
    ],
)
def test_a_load_beyond_a_cap_is_refused(load: LoadPlan, guard: Guard, says: str) -> None:
    """Users, rate, length, spend, and what could not be seen or removed."""
    with pytest.raises(Refused, match=says):
        _approve(load, guard)


def test_the_plan_says_only_what_its_users_do() -> None:
    """No import where nobody imports, and nothing that is known of somebody's own users."""
    searching = replace(plan(), habits=(Habit("search", 1.0, (1.0, 1.0)),))
    assert "creates   no import" in _approve(searching, Guard(caps=FREE))
    assert "whatever the users of mine.py create" in _approve(OWN, Guard(caps=FREE, accept_leftovers=True))


def test_what_cannot_be_deleted_is_created_only_where_that_is_accepted() -> None:
    """And the plan says so."""
    with pytest.raises(Refused, match="cannot delete"):
        _approve(plan(), Guard(caps=FREE), delete=None)
    assert "what is created stays" in _approve(plan(), Guard(caps=FREE, accept_leftovers=True), delete=None)


def test_every_host_that_is_spoken_to_is_on_the_list() -> None:
    """The one with the metrics too."""
    with pytest.raises(Refused, match="is not on the list"):
        _approve(plan(), Guard(caps=FREE), Metrics(url="http://127.0.0.1:9/metrics"))


def test_somebody_has_to_agree() -> None:
    """By --yes, or at a terminal; and the plan is shown first in any case."""
    said: list[str] = []
    confirm("the plan", yes=True, say=said.append, ask=None)
    confirm("the plan", yes=False, say=said.append, ask=lambda: "y")
    assert said == ["the plan", "the plan"]
    with pytest.raises(Refused, match="--yes is not given"):
        confirm("the plan", yes=False, say=said.append, ask=None)
    with pytest.raises(Refused, match="nobody agreed"):
        confirm("the plan", yes=False, say=said.append, ask=lambda: "")
    with pytest.raises(Refused, match="nobody agreed"):
        confirm("the plan", yes=False, say=said.append, ask=_end_of_input)


def _end_of_input() -> str:
    raise EOFError
