"""What a staging host needs: signing in, its metrics, its sections in a scenario, and a clean-up."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from harness.client import Client
from harness.errors import ScenarioError
from harness.load.cleanup import clean_up
from harness.load.errand import SignIn
from harness.load.prometheus import MetricsWatch, UnclearMetricsError, read_text
from harness.load.refusal import Refused
from harness.load.signing_in import Answer, SignInFailed, sign_in
from harness.load.staging_plan import Metrics, parse_staging, secrets_of
from harness.load.standing_sign_in import StandingSignIn
from harness.target import SCENARIOS, load_target
from reports.observations import read_samples

TEXT = """# TYPE memory gauge
memory{pod="a",kind="rss"} 100
memory{pod="b",kind="rss"} 50
memory{pod="a",kind="heap"} 7
# TYPE billed_total counter
billed_total 12
# TYPE limit_bytes gauge
limit_bytes 1000
"""


def test_replicas_are_summed_by_the_label_that_tells_them_apart() -> None:
    """And what several samples mean is never guessed."""
    found = read_text(TEXT, Metrics(memory="memory", labels={"kind": "rss"}, instance="pod", limit="limit_bytes",
                                    billed="billed_total"))  # fmt: skip
    assert (found.memory_bytes, found.limit_bytes, found.billed, found.replicas) == (150.0, 1000.0, 12.0, 2)
    with pytest.raises(UnclearMetricsError, match="2 times"):
        read_text(TEXT, Metrics(memory="memory", labels={"kind": "rss"}))
    with pytest.raises(UnclearMetricsError, match="3 times"):
        read_text(TEXT, Metrics(memory="memory", instance="pod"))
    with pytest.raises(UnclearMetricsError, match="have no memory"):
        read_text(TEXT, Metrics(memory="memory", labels={"kind": "none"}))
    with pytest.raises(UnclearMetricsError, match="have no rss"):
        read_text(TEXT, Metrics(memory="rss"))
    with pytest.raises(UnclearMetricsError):
        read_text("<html>", Metrics(memory="memory"))


def test_readings_are_samples_and_a_replica_that_goes_is_a_problem(tmp_path: Path) -> None:
    """Half of the memory would look like a saving."""
    texts = [TEXT, TEXT.replace('memory{pod="b",kind="rss"} 50\n', "")]
    answered: list[str] = []

    def answer(_: httpx.Request) -> httpx.Response:
        answered.append(texts[min(len(answered), 1)])
        return httpx.Response(200, text=answered[-1])

    wanted = Metrics(memory="memory", labels={"kind": "rss"}, instance="pod", interval_s=0.01)
    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x")
    watch = MetricsWatch(client, "/metrics", wanted, tmp_path / "samples.jsonl", lambda: 1.5)
    watch.start()
    while watch.replicas_changed is None and len(answered) < 100:
        pass
    watch.stop()
    assert watch.replicas_changed == "there were 2 replicas, and now there are 1"
    assert [one.unreclaimable for one in read_samples(tmp_path / "samples.jsonl")] == [150]


def test_a_value_that_is_no_number_is_never_a_reading() -> None:
    """A replica that does not know its memory yet."""
    with pytest.raises(UnclearMetricsError, match="not a number"):
        read_text("memory NaN\n", Metrics(memory="memory"))


class _Metrics:
    """Answers one text after the other, the last one for ever; the clock is a second further each time."""

    def __init__(self, *texts: str) -> None:
        self._texts, self.asked = texts, 0

    def answer(self, _: httpx.Request) -> httpx.Response:
        text = self._texts[min(self.asked, len(self._texts) - 1)]
        self.asked += 1
        return httpx.Response(200 if text else 503, text=text)

    def watch(self, folder: Path) -> MetricsWatch:
        wanted = Metrics(memory="memory", billed="billed_total", interval_s=0.005)
        client = httpx.Client(transport=httpx.MockTransport(self.answer), base_url="http://x")
        return MetricsWatch(client, "/metrics", wanted, folder / "samples.jsonl", lambda: float(self.asked))


def _watched(folder: Path, times: int, *texts: str) -> MetricsWatch:
    metrics = _Metrics(*texts)
    watch = metrics.watch(folder)
    watch.start()
    deadline_s = time.monotonic() + 5
    while metrics.asked < times and time.monotonic() < deadline_s:
        time.sleep(0.005)
    watch.stop()
    return watch


def test_metrics_that_cannot_be_read_for_a_while_are_told(tmp_path: Path) -> None:
    """A reading or two may fail; more than that, and the memory is not known."""
    good = "memory 5\nbilled_total 3\n"
    assert _watched(tmp_path, 6, good, "", "", good).unread is None
    assert "could not be read for" in str(_watched(tmp_path, 12, good, "").unread)


def test_a_counter_that_begins_anew_is_followed_on(tmp_path: Path) -> None:
    """The spend does not begin anew with the service."""
    texts = [f"memory 5\nbilled_total {count}\n" for count in (10, 14, 2, 5)]
    assert _watched(tmp_path, 6, *texts).billed == 4 + 2 + 3


def test_a_header_is_made_of_the_variable() -> None:
    """As it is, or within what the scenario writes around it."""
    bare = SignIn("header", from_env="TOKEN")
    assert sign_in(bare, {"TOKEN": "abc"}, _never).headers == {"Authorization": "abc"}
    written = SignIn("header", "X-Key", "Bearer {secret}", "TOKEN")
    assert sign_in(written, {"TOKEN": "abc"}, _never).headers == {"X-Key": "Bearer abc"}


def _never(_url: str, _form: Mapping[str, str]) -> Answer:
    raise AssertionError("a header asks nobody")


def test_a_form_gives_cookies() -> None:
    """And a refusal says what was answered, without the password."""
    how = SignIn("form", url="/login", form={"user": "load", "password": "$PASSWORD"})
    sent: list[Mapping[str, str]] = []

    def send(_url: str, form: Mapping[str, str]) -> Answer:
        sent.append(form)
        return Answer(303, ("sid=1", "csrf=2"), b"")

    assert sign_in(how, {"PASSWORD": "geheim"}, send).headers == {"Cookie": "sid=1; csrf=2"}
    assert sent == [{"user": "load", "password": "geheim"}]
    with pytest.raises(SignInFailed) as refused:
        sign_in(how, {"PASSWORD": "geheim"}, lambda _url, _form: Answer(403, (), b""))
    assert "403" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_token_is_renewed_before_it_ends() -> None:
    """Each one has its own life; the harness's requests carry the newest."""
    how = SignIn("token", value="Bearer {secret}", url="/token", form={"grant_type": "client_credentials"})
    now = [0.0]
    numbers = iter(range(1, 9))

    def send(_url: str, _form: Mapping[str, str]) -> Answer:
        return Answer(200, (), json.dumps({"access_token": f"t{next(numbers)}", "expires_in": 100}).encode())

    auth = StandingSignIn(how, {}, send, lambda: now[0])
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200)

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x", auth=auth)
    for moment in (0.0, 69.0, 71.0, 120.0):
        now[0] = moment
        client.get("/")
    assert seen == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]
    with pytest.raises(Refused, match="without 'access_token'"):
        StandingSignIn(how, {}, lambda _url, _form: Answer(200, (), b"{}"))


@pytest.mark.parametrize("body", [b"[]", b"x", b'{"access_token": "t", "expires_in": "soon"}'])
def test_a_token_answer_that_is_not_one_is_refused(body: bytes) -> None:
    """With a sentence."""
    how = SignIn("token", value="Bearer {secret}", url="/token", form={"grant_type": "client_credentials"})
    with pytest.raises(Refused, match="signing in failed: /token answered without"):
        StandingSignIn(how, {}, lambda _url, _form: Answer(200, (), body))


def test_a_token_that_is_over_at_once_is_not_asked_for_without_a_pause() -> None:
    """The token endpoint is no target."""
    how = SignIn("token", value="{secret}", url="/token", form={"grant_type": "client_credentials"})
    found = sign_in(how, {}, lambda _url, _form: Answer(200, (), b'{"access_token": "t", "expires_in": 0}'))
    assert found.for_s == 1.0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"tls": {"verify": False}}, "unknown key 'verify'"),
        ({"guard": {"allow": "http://a"}}, "not a list"),
        ({"guard": {"override": True}}, "unknown key"),
        ({"guard": {"proof": {"field": "", "header": ""}}}, "name the field or header"),
        ({"auth": {"kind": "magic"}}, "header, form, token"),
        ({"auth": {"kind": "header"}}, "from_env"),
        ({"auth": {"kind": "token", "url": "/t"}}, "needs url and form"),
        ({"metrics": {"rss": "x"}}, "unknown key 'rss'"),
    ],
)
def test_sections_that_are_not_right_are_refused(table: dict[str, object], says: str) -> None:
    """That certificates are checked cannot even be written down otherwise."""
    with pytest.raises(ScenarioError, match=says):
        parse_staging(table, "here", Path())


def test_a_secret_that_is_not_set_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable's name."""
    monkeypatch.delenv("HALFGIG_TEST_SECRET", raising=False)
    with pytest.raises(ScenarioError, match="HALFGIG_TEST_SECRET"):
        secrets_of(SignIn("form", url="/l", form={"p": "$HALFGIG_TEST_SECRET"}))
    monkeypatch.setenv("HALFGIG_TEST_SECRET", "x")
    assert secrets_of(SignIn("form", url="/l", form={"p": "$HALFGIG_TEST_SECRET"})) == ("HALFGIG_TEST_SECRET",)


def test_exactly_what_was_created_is_removed() -> None:
    """By the ids that were acknowledged, and by names that nobody else chooses; what is not ours stays."""
    jobs = {"a": "halfgig-s1-0-1.jsonl", "b": "halfgig-s1-0-2.jsonl", "theirs": "halfgig-s2-0-1.jsonl", "c": "x"}
    running = {"b"}

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/import/jobs":
            offset = int(parse_qs(request.url.query.decode()).get("offset", ["0"])[0])
            rows = [{"job_id": job, "name": name} for job, name in jobs.items()] if offset == 0 else []
            return httpx.Response(200, json={"jobs": rows})
        job = path.rpartition("/")[2]
        if request.method == "POST":
            running.discard(job)
            return httpx.Response(202)
        if job in running:
            return httpx.Response(409)
        return httpx.Response(200 if jobs.pop(job, None) else 404)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x")
    client = Client(http, load_target("importer", SCENARIOS).http)
    cleaned = clean_up(client, ["a", "gone"], "halfgig-s1")
    assert cleaned.left == ()
    assert sorted(jobs) == ["c", "theirs"]
    assert cleaned.removed == 3
