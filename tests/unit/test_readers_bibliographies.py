"""BibTeX and RIS."""

import pytest

from tests.unit.uploaded import outcomes

BIB = rb"""% a comment
@string{jan = "January"}
@comment{ignored, whatever it says}
@article{smith2020,
  title = {The {GPU} and \"{O}zg{\"u}r's caf\'e},
  author = {Smith, A. and M{\"u}ller, B.},
  abstract = "Costs 5\% \& more -- see \emph{this} and $x_i$; {\ss} and \l{}.",
  month = jan # "~1",
  year = 2020
}
@InProceedings(doe21, title="Second \textbf{one}", abstract={Two
lines.},)
"""


def test_entries_give_title_and_abstract_without_their_latex() -> None:
    """Accents, escapes and commands are resolved; braces go; formulas stay."""
    assert outcomes("a.bib", BIB) == [
        ("a.bib:smith2020", "The GPU and Özgür's café\n\nCosts 5% & more \u2013 see this and $x_i$; ß and ł."),
        ("a.bib:doe21", "Second one\n\nTwo\nlines."),
    ]


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        (b"@article{x, title = {never closed\n", "!malformed"),
        (b"@article{x, title = }\n", "!malformed"),
        (b'@article{x, title = "never closed}\n', "!malformed"),
        (b"@article{x, {title}}\n", "!malformed"),
        (b"@article{x, author = {Nobody}}\n", "!empty"),
        (b"@article{}\n", "!empty"),
        (b"@article{x, title = {" + b"x" * 300 + b"}}\n", "!too_large"),
        (b"@article{x, title = {" + b"x\n" * 150 + b"}}\n", "!too_large"),
        (b"@article{x, title = {\xff\xfe\x81}}\n", "!encoding"),
    ],
)
def test_a_broken_entry_fails_alone(broken: bytes, outcome: str) -> None:
    """The entries around it are read."""
    data = "@misc{a, title={가나다라}}\n".encode() + broken + b"@misc{b, title={B}}\n"
    found = [text for _, text in outcomes("a.bib", data, record_max_bytes=200)]
    assert found == ["가나다라", outcome, "B"]


def test_entries_may_follow_each_other_on_a_line() -> None:
    """Whoever writes a bibliography on one line loses nothing."""
    assert outcomes("a.bib", b"@misc{a, title={A}} @misc{b, title={B}}") == [("a.bib:a", "A"), ("a.bib:b", "B")]


def test_an_entry_without_a_key_is_named_by_its_line() -> None:
    """The key is there to name it, no more."""
    assert outcomes("a.bib", b"\n@misc{, title={A}}") == [("a.bib:2", "A")]


RIS = b"""TY  - JOUR
AU  - Smith, A.
TI  - A title
  that goes on
AB  - An abstract.
ER  -

TY  - CONF
T1  - Another
N2  - More
KW  - one
KW  - two
ER  -
"""


def test_ris_entries_give_title_and_abstract() -> None:
    """Either of the tags for each, and lines that go on."""
    assert outcomes("a.ris", RIS) == [
        ("a.ris:1", "A title\n  that goes on\n\nAn abstract."),
        ("a.ris:8", "Another\n\nMore"),
    ]


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        (b"TY  - JOUR\nTI  - no end\n", "!malformed"),
        (b"TY  - JOUR\nAU  - Nobody\nER  - \n", "!empty"),
        (b"TY  - JOUR\nTI  - " + b"x" * 300 + b"\nER  - \n", "!too_large"),
        (b"TY  - JOUR\n" + b"N1  - xxxxxxxxxx\n" * 30 + b"ER  - \n", "!too_large"),
    ],
)
def test_a_broken_ris_entry_fails_alone(broken: bytes, outcome: str) -> None:
    """The entries around it are read."""
    good = b"TY  - JOUR\r\nTI  - %s\r\nER  - \r\n"
    found = [text for _, text in outcomes("a.ris", good % b"A" + broken + good % b"B", record_max_bytes=200)]
    assert found == ["A", outcome, "B"]


@pytest.mark.parametrize("name", ["a", "a.unknown"])
def test_bibliographies_are_known_by_content(name: str) -> None:
    """Where the suffix says nothing, the first lines do."""
    assert len(outcomes(name, BIB)) == 2
    assert len(outcomes(name, RIS)) == 2


@pytest.mark.parametrize("name", ["a.bib", "a.ris"])
def test_a_bibliography_without_entries_is_empty(name: str) -> None:
    """No upload vanishes."""
    assert outcomes(name, b"nothing here\n") == [(name, "!empty")]
