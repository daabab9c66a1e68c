"""CSV."""

import pytest

from tests.unit.uploaded import outcomes


def test_columns_are_found_by_name_whatever_their_case_and_order() -> None:
    """Title, abstract and text come in this order; other columns are left out."""
    data = b'id,TEXT,Title ,"abstract"\n1,x,t,a\n2,,t2,\n'
    assert outcomes("a.csv", data) == [("a.csv:2", "t\n\na\n\nx"), ("a.csv:3", "t2")]


def test_without_a_known_column_all_cells_are_joined() -> None:
    """A file of other columns still gives its text."""
    assert outcomes("a.csv", b'a,b,c\n1,"",""\n2,3,4') == [("a.csv:2", "1"), ("a.csv:3", "2\n\n3\n\n4")]


def test_quoted_cells_may_hold_lines_and_quotes() -> None:
    """A row is named by the line that it begins on."""
    data = b'title,text\r\n"a\r\nb","say ""x"""\r\nc,d\r\n'
    assert outcomes("a.csv", data) == [("a.csv:2", 'a\r\nb\n\nsay "x"'), ("a.csv:4", "c\n\nd")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_the_delimiter_is_the_one_of_the_header(delimiter: str) -> None:
    """Semicolons, tabs and bars separate as well as commas."""
    data = delimiter.join(("id", "title", "text")) + "\n" + delimiter.join(("1", "t", "x"))
    assert outcomes("a.csv", data.encode()) == [("a.csv:2", "t\n\nx")]


def test_blank_lines_are_no_rows_and_blank_rows_are_empty_documents() -> None:
    """A row of nothing but delimiters is a failed document."""
    assert outcomes("a.csv", b"title,text\n\n,\nt,x\n\n") == [("a.csv:3", "!empty"), ("a.csv:4", "t\n\nx")]


def test_rows_may_be_short_or_long() -> None:
    """Missing cells are empty, cells beyond the header are left out."""
    assert [text for _, text in outcomes("a.csv", b"title,text\nt\nt,x,more\n")] == ["t", "t\n\nx"]


def test_a_quote_that_is_never_closed_is_one_malformed_row() -> None:
    """What it swallows does not pass as a document."""
    assert [text for _, text in outcomes("a.csv", b'title,text\na,b\n"c,d\ne,f\n')] == ["a\n\nb", "!malformed"]


def test_a_row_that_is_too_long_fails_alone() -> None:
    """By one endless line, or by a quote that goes on and on: reading takes up again behind it."""
    long_line = b"a," + b"x" * 200 + b"\n"
    long_quote = b'"' + b"y\n" * 100
    data = b"title,text\na,b\n" + long_line + b"c,d\n" + long_quote
    found = [text for _, text in outcomes("a.csv", data, record_max_bytes=100)]
    assert found[:4] == ["a\n\nb", "!too_large", "c\n\nd", "!too_large"]


def test_nuls_are_removed_and_undecodable_rows_fail_alone() -> None:
    """One bad byte in a file that is UTF-8 otherwise costs one row."""
    rows = b"".join(b"t%d,\xea\xb0\x80\n" % number for number in range(5))
    data = b"title,text\na\0b,x\n" + rows + b"\xff\xfe\x81,\0\n"
    found = [text for _, text in outcomes("a.csv", data)]
    assert found[0] == "ab\n\nx"
    assert found[1:6] == [f"t{number}\n\n가" for number in range(5)]
    assert found[6] == "!encoding"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_encodings_are_found(encoding: str) -> None:
    """A whole file in another encoding is decoded."""
    data = ("title,text\n" + "제목,파이썬은 배우기 쉽고 강력한 언어입니다.\n" * 20).encode(encoding)
    assert [text for _, text in outcomes("a.csv", data)] == ["제목\n\n파이썬은 배우기 쉽고 강력한 언어입니다."] * 20


@pytest.mark.parametrize("data", [b"", b"title,text\n", b"title,text", b"\n\n"])
def test_a_file_without_rows_is_one_empty_document(data: bytes) -> None:
    """No upload vanishes."""
    assert outcomes("a.csv", data) == [("a.csv", "!empty")]
