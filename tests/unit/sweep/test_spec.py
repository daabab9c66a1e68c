"""What a scenario asks of a sweep is read strictly, and a claim or axis that would measure nothing is refused."""

from pathlib import Path

import pytest

from harness.errors import CorpusError, ScenarioError
from harness.scenario import Overrides, Scenario, load_scenario
from harness.sweep.axes import check_axes, check_axis, check_claim, needed_knobs, surroundings_of
from harness.sweep.spec import claim_of

from .made_trials import scenario

MB = 2**20
TWO = "[[claims]]\nknob = ['window', 'chunk_chars']\nfrom = [800, 880]\nto = [200, 400]\n"


def _load(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "mine.toml"
    path.write_text(f'target = "importer"\n{text}', encoding="utf-8")
    return load_scenario(str(path), Overrides())


def test_a_plan_is_read_from_its_tables(tmp_path: Path) -> None:
    """Axes, mode, time, claims with what they are measured on."""
    plan = _load(
        tmp_path,
        '[sweep]\nmode = "search"\nfor = "10m"\nverify = 5\n[sweep.vary]\nwindow = [64, 256]\nhalfvec = [true, false]\n'
        f'[claims_on.unbounded]\nwindow = 0\n{TWO}saves = ["150MB", "200MB"]\n',
    ).sweep
    assert (plan.mode, plan.for_s, plan.verify) == ("search", 600.0, 5)
    assert plan.axes == {"window": ("64", "256"), "halfvec": ("true", "false")}
    assert plan.claims_on == {"unbounded": {"window": "0"}}
    assert plan.claims[0].knobs == ("window", "chunk_chars")
    assert plan.claims[0].saves_bytes == (150 * MB, 200 * MB)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[sweep]\nmod = 'grid'", "did you mean mode"),
        ("[sweep]\nmode = 'all'", "grid, search"),
        ("[sweep]\nrepeats = 0", "at least 1"),
        ("[sweep]\nrounds = [3, 2]", "rising"),
        ("[sweep]\nfor = 'long'", "is not a time"),
        ("[sweep.vary]\nwindow = []", "missing"),
        ("[[claims]]\nknob = 'windw'\nfrom = 1\nto = 2", "did you mean window"),
        ("[[claims]]\nknob = 'window'\nfrom = 1\nto = 1", "nothing to measure"),
        ("[[claims]]\nknob = ['window']\nfrom = [1, 2]\nto = [2, 3]", "one value"),
        (f"{TWO}saves = ['200MB', '100MB']", "lowest and the highest"),
        (f"{TWO}elsewhere = {{ saved = 'much' }}", "is not a size"),
        ("[claims_on.here]\nwidow = 1", "did you mean window"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    """The file, the table, and what was probably meant."""
    with pytest.raises(ScenarioError, match=r"mine\.toml") as told:
        _load(tmp_path, text)
    assert says in str(told.value)


def test_a_claim_of_the_command_line() -> None:
    """One size, or the two ends of an estimate."""
    assert claim_of(["window"], ["800"], ["200"], "100MB").saves_bytes == (100 * MB, 100 * MB)
    assert claim_of(["window"], ["800"], ["200"], "50MB..80MB").saves_bytes == (50 * MB, 80 * MB)
    assert claim_of(["window"], ["800"], ["200"], None).saves_bytes is None


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("documents", "77", "corpus", "synthetic:77"),
        ("chunks_per_document", "30", "corpus", "synthetic:600,chunks=30"),
        ("concepts_per_document", "18", "corpus", "synthetic:600,concepts=18"),
        ("upload_size", "30MB", "corpus", f"synthetic:600,upload={30 * MB}B"),
        ("cpus", "0.5", "cpus", 0.5),
        ("window", "64", "knobs", {"window": "64"}),
    ],
)
def test_an_axis_changes_the_surroundings(name: str, value: str, field: str, expected: object) -> None:
    """Each axis its own part of the scenario."""
    assert getattr(surroundings_of(scenario(), {name: value}).scenario, field) == expected


def test_axes_of_provider_database_and_imports() -> None:
    """The provider's answers, the database's latency, and imports at once with the knob that admits them."""
    setting = {
        "provider_latency_ms": "20", "llm_latency_ms": "50", "rate_limit": "5", "concurrent_imports": "3",
        "database_latency_ms": "4", "concepts_per_document": "7",
    }  # fmt: skip
    found = surroundings_of(scenario(), setting)
    provider = found.scenario.provider
    assert (provider.latency_request_ms, provider.llm_latency_ms, provider.rate_limit) == (20.0, 50.0, 5.0)
    assert provider.concepts_per_document == 7
    assert found.database_latency_s == pytest.approx(0.004)
    assert found.scenario.imports.concurrent == 3
    assert found.scenario.knobs["max_running_imports"] == "3"


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("widow", ("1",), "did you mean window"),
        ("cpus", ("much",), "a share of the CPU"),
        ("documents", ("0",), "a number of documents"),
        ("window", ("1", "1"), "each once"),
        ("rate_limit", ("-1",), "requests a second"),
    ],
)
def test_a_wrong_axis_is_refused(name: str, values: tuple[str, ...], says: str) -> None:
    """One sentence with what it takes."""
    with pytest.raises(ScenarioError, match=says):
        check_axis(scenario(), name, values, "--knob")


def test_shapes_want_a_corpus_that_is_made(tmp_path: Path) -> None:
    """Real files have the chunks that they have."""
    loaded = _load(tmp_path, "corpus = 'python-docs'")
    with pytest.raises(ScenarioError, match="synthetic:200"):
        surroundings_of(loaded, {"chunks_per_document": "30"})
    assert surroundings_of(loaded, {"documents": "30"}).scenario.documents == 30


def test_a_knob_that_would_do_nothing_is_refused(tmp_path: Path) -> None:
    """Cohere's batch size while OpenAI embeds; where nobody chose a provider, the needed one is taken."""
    assert needed_knobs(scenario(), {"cohere_batch_size": "20"}) == {"embedding_provider": "cohere"}
    openai = _load(tmp_path, "[knobs]\nembedding_provider = 'openai'")
    with pytest.raises(ScenarioError, match="embedding_provider=cohere"):
        check_axis(openai, "cohere_batch_size", ("20", "96"), "--knob")
    with pytest.raises(ScenarioError, match="measure nothing"):
        check_claim(openai, claim_of(["cohere_batch_size"], ["96"], ["20"], None), {})
    both = scenario(axes={"cohere_batch_size": ("20",), "openai_batch_size": ("20",)})
    with pytest.raises(ScenarioError, match="sweep one of them"):
        check_axes(both)


def test_the_incident_is_a_scenario() -> None:
    """Five claims and all together, on both pipelines, each with the figures of the incident's own code."""
    plan = load_scenario("perf-009", Overrides()).sweep
    assert len(plan.claims) == 6
    assert set(plan.claims_on) == {"unbounded", "streaming"}
    assert all(one.elsewhere is not None for one in plan.claims)
    assert [one.saves_bytes for one in plan.claims if one.saves_bytes] == [
        (100 * MB, 100 * MB), (50 * MB, 50 * MB), (50 * MB, 50 * MB), (150 * MB, 200 * MB),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "corpus", ["synthetic:20,pages=3", "synthetic:20,chunks=0", "synthetic:20,upload=1kB", "synthetic"]
)
def test_a_shape_that_cannot_be_made_is_refused(corpus: str, tmp_path: Path) -> None:
    """A misspelt part, none, or an upload smaller than its texts."""
    from harness.corpora.sources import corpus_lines

    with pytest.raises((CorpusError, ScenarioError)):
        list(corpus_lines(corpus) or ())
