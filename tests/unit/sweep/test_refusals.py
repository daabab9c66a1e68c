"""Wrong usage of `sweep`, `claim` and `--plan` is one sentence and status 2, before anything is started."""

from pathlib import Path

import pytest

from harness.cli import main


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sweep",), "nothing is to be varied"),
        (("sweep", "--knob", "windw=1,2"), "did you mean window"),
        (("sweep", "--knob", "window"), "window=200,800"),
        (("sweep", "--axis", "cpu=1"), "did you mean cpus"),
        (("sweep", "--knob", "window=64", "--for", "long"), "is not a time"),
        (("sweep", "--knob", "window=64", "--repeats", "0"), "at least 1"),
        (("sweep", "--knob", "window=64", "--storage", "mysql://x"), "postgresql://"),
        (
            ("sweep", "--knob", "cohere_batch_size=20,96", "--set", "embedding_provider=openai"),
            "embedding_provider=cohere",
        ),
        (("claim", "window", "800"), "KNOB FROM TO"),
        (("claim", "window", "800", "800"), "nothing to measure"),
        (("claim", "window", "800", "200", "--saves", "much"), "is not a size"),
        (("claim", "windw", "800", "200"), "did you mean window"),
        (("claim", "window", "800", "200", "window", "400", "100"), "each knob once"),
        (("claim", "window", "800", "200", "--saves", "200MB..100MB"), "the smaller saving first"),
        (("claim", "window", "800", "200", "--set", "window=400"), "cannot be held at one value"),
        (("sweep", "--knob", "window=200,800", "--set", "window=400"), "cannot be held at one value"),
        (("sweep", "--knob", "window=200", "--knob", "window=800"), "was given before"),
        (("sweep", "--knob", "window=200,800", "--plans", "nowhere.toml"), "nowhere.toml"),
        (("run", "--plan", "render:startr"), "did you mean render:starter"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What, where, and how to mend it; no traceback, no JSON."""
    status = main([*arguments, "--runs", str(tmp_path)])
    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert says in told.err.strip().splitlines()[-1]
    assert not list(tmp_path.glob("*/2*"))
