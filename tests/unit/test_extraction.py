"""Concepts from LLM answers: what is read of which answer, and how names are unified."""

import pytest

from importer.embedding.retries import WrongAnswer
from importer.extraction import MOST_CONCEPTS, concepts_in, extraction_id, normalise


@pytest.mark.parametrize(
    "answer",
    [
        '{"concepts": ["Graph Theory", "entropy"]}',
        '{"concepts": [{"name": "Graph Theory", "definition": "…"}, {"name": "entropy"}]}',
        '["graph theory", "Entropy"]',
        '```json\n{"concepts": ["graph theory", "entropy"]}\n```',
        'Here you are: {"concepts": ["graph  theory", "entropy."]} I hope that it helps.',
        '{"concepts": ["graph theory", "GRAPH THEORY", 7, null, "", {"x": 1}, "entropy"]}',
    ],
)
def test_concepts_are_found_in_what_llms_write(answer: str) -> None:
    """Names or objects, bare or in a fence or in prose: the same concepts, each once."""
    assert concepts_in(answer) == ("graph theory", "entropy")


@pytest.mark.parametrize("answer", ["", "I cannot say.", "{", '{"concepts": "graph"}', '{"topics": []}', "7"])
def test_an_answer_without_a_list_is_refused(answer: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(WrongAnswer):
        concepts_in(answer)


def test_no_concepts_is_an_answer() -> None:
    """A document may be about nothing."""
    assert concepts_in('{"concepts": []}') == ()


def test_an_answer_that_runs_away_is_bounded() -> None:
    """No document floods the store with concepts."""
    names = ", ".join(f'"concept number {number}"' for number in range(1000))
    assert len(concepts_in(f'{{"concepts": [{names}]}}')) == MOST_CONCEPTS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  Neural\tNetworks ", "neural networks"),
        ("ﬁeld theory", "field theory"),
        ("STRASSE", "strasse"),
        ("“Straße”", "“strasse”"),
        ("(entropy).", "entropy"),
        ("a\0b", "ab"),
        ("...", ""),
    ],
)
def test_names_are_unified(name: str, expected: str) -> None:
    """Forms, case, blanks and outer punctuation do not make another concept."""
    assert normalise(name) == expected


def test_an_extraction_belongs_to_model_and_prompt() -> None:
    """Another model or another prompt is another extraction."""
    ids = {extraction_id(model, prompt) for model in ("a", "b") for prompt in ("one", "two")}
    assert len(ids) == 4
