"""Scenario and target files become frozen objects, or an error that says where and how to mend it."""

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.scenario import Overrides, load_scenario
from harness.target import fill

MINIMAL = 'target = "importer"\n'


def _scenario(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_a_name_the_default_is_run() -> None:
    """The default scenario holds the importer under 512 MB with a budget of 65 %."""
    scenario = load_scenario(None, Overrides())
    assert scenario.target.name == "importer"
    assert scenario.limit_bytes == 512 * 2**20
    assert scenario.budget_bytes == int(scenario.limit_bytes * 0.65)


def test_every_scenario_of_the_repository_can_be_read() -> None:
    """No scenario file has a typo."""
    for path in (Path(__file__).resolve().parents[2] / "scenarios").glob("*.toml"):
        assert load_scenario(str(path), Overrides()).name == path.stem


def test_options_lie_over_the_scenario(tmp_path: Path) -> None:
    """What the command line says wins, knob by knob."""
    name = _scenario(tmp_path, MINIMAL + 'limit = "256MB"\n[knobs]\nwindow = 100\nchunk_chars = 500\n')
    scenario = load_scenario(name, Overrides(limit="128MB", knobs=("window=7",)))
    assert scenario.limit_bytes == 128 * 2**20
    assert scenario.knobs == {"window": "7", "chunk_chars": "500"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINIMAL + 'limt = "1MB"', "unknown key 'limt'; did you mean limit"),
        (MINIMAL + "[knobs]\nwindw = 3", "unknown knob of importer 'windw'; did you mean window"),
        (MINIMAL + 'restart = "always"', "on-failure"),
        (MINIMAL + "documents = 0", "documents = 0"),
        (MINIMAL + "[provider]\nlatenzy = 3", "unknown key 'latenzy'"),
        (MINIMAL + "[imports]\nrepeat = 0", "at least 1"),
        ("target = ", "cannot be read as TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, says: str) -> None:
    """Every typo names the file, the key, and what was probably meant."""
    with pytest.raises(ScenarioError, match=r"mine\.toml") as told:
        load_scenario(_scenario(tmp_path, text), Overrides())
    assert says in str(told.value)


def test_a_target_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    """A typo in the target's name suggests the one that was meant."""
    with pytest.raises(ScenarioError, match="did you mean importer"):
        load_scenario(_scenario(tmp_path, 'target = "importr"'), Overrides())


@pytest.mark.parametrize("setting", ["window", "widow=3"])
def test_a_wrong_set_option_is_refused(setting: str) -> None:
    """--set needs a knob that the target has, and a value."""
    with pytest.raises(ScenarioError, match="--set"):
        load_scenario(None, Overrides(knobs=(setting,)))


def test_a_placeholder_that_is_not_known_is_named() -> None:
    """A target file that asks for {prot} is told what can be filled in."""
    with pytest.raises(ScenarioError, match=r"\{port\}"):
        fill({"PORT": "{prot}"}, {"port": "1"}, "mine.toml [env]")
