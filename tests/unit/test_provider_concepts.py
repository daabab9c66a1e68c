"""The stub's concepts: from the text's own words, in an answer of the size that was set."""

import json

import pytest

from harness.dependencies.provider.concepts import concepts_answer, find_concepts

TEXT = (
    'Protein folding follows from sequence. Folding "funnels" guide a protein; the protein\'s\n'
    "sequence decides. Größenordnung \\ protein folding networks"
)


def test_frequent_long_words_come_first() -> None:
    """Words are ranked by how often they stand in the text, then by length; common ones do not count."""
    assert find_concepts(TEXT + " which which which which", 3) == ["protein", "folding", "sequence"]


@pytest.mark.parametrize("size", [1000, 4000, 65_537])
def test_answer_has_the_size_that_was_set(size: int) -> None:
    """The answer is valid JSON of exactly so many bytes, whatever the text has in it."""
    answer = concepts_answer(TEXT, 5, size)
    assert len(answer) == size
    assert [one["name"] for one in json.loads(answer)["concepts"]] == find_concepts(TEXT, 5)


def test_names_are_never_cut() -> None:
    """An answer that was set too small is as small as its names allow."""
    assert [one["evidence"] for one in json.loads(concepts_answer(TEXT, 2, 1))["concepts"]] == ["", ""]


@pytest.mark.parametrize(("text", "count"), [("", 5), ("a b c", 5), (TEXT, 0)])
def test_nothing_to_find(text: str, count: int) -> None:
    """A text without long words, or a stub that is told to find none, has no concepts."""
    assert json.loads(concepts_answer(text, count, 4000)) == {"concepts": []}
