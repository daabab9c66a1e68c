"""The ledger of documents under way: what they wait for, in which order they settle, and the stage that is told."""

from importer.settlement import Ledger
from importer.work import Input, PendingDocument


def chunk(name: str) -> Input:
    """Return a chunk with an id of its own."""
    return Input("chunk", name.encode(), f"text of {name}")


def opened(ledger: Ledger, name: str, *chunks: Input) -> PendingDocument:
    """Open a document that is read to its end and waits for these chunks."""
    document = ledger.open(name, "", name.encode())
    for one in chunks:
        ledger.wants(document, one)
    document.is_read = document.is_extracted = True
    return document


def test_documents_settle_in_the_order_of_the_upload() -> None:
    """A document that is complete waits for those before it; then all of them settle together."""
    ledger = Ledger(5)
    opened(ledger, "first", chunk("a"))
    opened(ledger, "second", chunk("b"))
    ledger.stored([chunk("b").key])
    assert ledger.take_complete() == []
    ledger.stored([chunk("a").key])
    assert [(one.position, one.name) for one in ledger.take_complete()] == [(5, "first"), (6, "second")]


def test_an_input_under_way_is_asked_for_once() -> None:
    """Whoever wants it later waits for it, also the same document twice."""
    ledger = Ledger(0)
    first, second = ledger.open("first", "", b"1"), ledger.open("second", "", b"2")
    assert ledger.wants(first, chunk("a"))
    assert not ledger.wants(first, chunk("a"))
    assert not ledger.wants(second, chunk("a"))
    ledger.stored([chunk("a").key])
    assert (first.missing, second.missing) == (0, 0)
    assert ledger.wants(second, chunk("a"))


def test_a_chunk_and_a_concept_of_one_text_are_two_inputs() -> None:
    """They have the same id and different vectors."""
    ledger = Ledger(0)
    document = ledger.open("first", "", b"1")
    assert ledger.wants(document, Input("chunk", b"x", "entropy"))
    assert ledger.wants(document, Input("concept", b"x", "entropy"))


def test_a_rejected_input_fails_who_needs_it_and_nobody_else() -> None:
    """Documents that share the input fail with the provider's reason; the one between them is stored."""
    ledger = Ledger(0)
    for name, one in (("first", "bad"), ("second", "good"), ("third", "bad")):
        opened(ledger, name, chunk(one))
    ledger.stored([chunk("good").key])
    ledger.rejected(chunk("bad"), "HTTP 400: no")
    settled = ledger.take_complete()
    assert [(one.id, one.reason) for one in settled] == [
        (None, "rejected_input"),
        (b"second", None),
        (None, "rejected_input"),
    ]


def test_the_stage_is_that_of_the_oldest_document() -> None:
    """From reading over a queued and a sent chunk to the concepts and the store."""
    ledger = Ledger(0)
    stages = [ledger.stage([], "read")]
    document = ledger.open("first", "", b"1")
    stages.append(ledger.stage([], "read"))
    ledger.wants(document, chunk("a"))
    stages += [ledger.stage([chunk("a")], "read"), ledger.stage([], "read")]
    ledger.stored([chunk("a").key])
    document.is_read = True
    stages.append(ledger.stage([], "read"))
    document.is_extracted = True
    stages.append(ledger.stage([], "read"))
    ledger.take_complete()
    stages.append(ledger.stage([], "store"))
    assert stages == ["read", "read", "chunk", "embed", "extract", "store", "store"]
