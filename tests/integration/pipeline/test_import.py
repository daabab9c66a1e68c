"""An import that nothing disturbs: what is stored, what is billed, and what each knob bounds."""

from collections import Counter
from typing import Any

import pytest

from importer.flow import Flow
from tests.integration.pipeline.conftest import Importing
from tests.integration.pipeline.provider import POISON, FakeProvider, vector
from tests.integration.pipeline.texts import jsonl, records


async def test_all_is_stored_once_and_billed_once(importing: Importing, provider: FakeProvider) -> None:
    """Documents, chunks, concepts, mentions and relations are there, and no input was billed twice."""
    job = await importing.upload(records(20))
    await importing.run(job)
    counts = await importing.counts(job)
    assert counts["documents_total"] == counts["documents_done"] == 20
    assert provider.billed_twice == 0
    ((chunks, concepts, mentions, relations),) = await importing.execute(
        "SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM concepts),"
        " (SELECT count(*) FROM mentions), (SELECT count(*) FROM relations)"
    )
    assert counts["chunks_stored"] == chunks
    kinds = Counter("concept" if text.startswith("concept: ") else path for path, text in provider.billed)
    assert kinds == {"/v1/embeddings": chunks, "/v1/chat/completions": 20, "concept": concepts}
    assert mentions == 20 * 4
    assert relations > 0


async def test_vectors_belong_to_their_texts(importing: Importing) -> None:
    """Each chunk has the vector of its own text, and each concept that of its name."""
    await importing.run(await importing.upload(records(12)))
    rows = await importing.execute(
        "SELECT text, vector_send(embedding) FROM chunks"
        " UNION ALL SELECT 'concept: ' || name, vector_send(embedding) FROM concepts"
    )
    for text, sent in rows:
        numbers = b"".join(sent[4 + at : 8 + at][::-1] for at in range(0, len(sent) - 4, 4))
        assert numbers == vector(text)


@pytest.mark.parametrize("provider_name", ["openai", "cohere"])
async def test_importing_again_bills_nothing(importing: Importing, provider: FakeProvider, provider_name: str) -> None:
    """The same corpus a second time: every document is a duplicate, and no provider is asked."""
    await importing.run(await importing.upload(records(15)), embedding_provider=provider_name)
    billed = provider.billed.total()
    again = await importing.upload(records(15))
    await importing.run(again, embedding_provider=provider_name)
    assert provider.billed.total() == billed
    assert (await importing.counts(again))["duplicates"] == 15


async def test_equal_documents_and_chunks_are_stored_once(importing: Importing, provider: FakeProvider) -> None:
    """The same content under other names in one upload is billed once; the later documents are duplicates."""
    job = await importing.upload(records(5), ("again.jsonl", records(5)[1]), records(3, sentences=2))
    await importing.run(job)
    counts = await importing.counts(job)
    assert (counts["documents_done"], counts["duplicates"]) == (13, 5)
    assert provider.billed_twice == 0
    assert await importing.execute("SELECT count(*) FROM documents") == [(8,)]


async def test_a_malformed_line_fails_alone(importing: Importing) -> None:
    """A document that cannot be read is listed with its reason, in its place, and costs nothing else."""
    name, data = records(3)
    job = await importing.upload((name, data + b"{broken\n" + records(3, first=3)[1]))
    await importing.run(job)
    assert await importing.failures(job) == [("papers.jsonl:4", "malformed")]
    assert (await importing.counts(job))["documents_done"] == 6


async def test_a_poisoned_input_is_isolated(importing: Importing, provider: FakeProvider) -> None:
    """An input that the provider rejects fails its document alone; nothing else of its batch is lost or paid twice."""
    poisoned = jsonl([{"title": "", "text": f"This one is {POISON} to the provider."}])
    job = await importing.upload(records(6), ("bad.jsonl", poisoned[1]), records(6, first=6))
    await importing.run(job, extraction=False)
    assert await importing.failures(job) == [("bad.jsonl:1", "rejected_input")]
    assert (await importing.counts(job))["documents_done"] == 12
    assert provider.billed_twice == 0


async def test_a_prompt_that_is_rejected_fails_its_document(importing: Importing, provider: FakeProvider) -> None:
    """A rejected chat prompt is told like a rejected text, and the remains are asked to be dropped."""
    poisoned = jsonl([{"title": "", "text": f"This one is {POISON} to the provider."}])
    job = await importing.upload(("bad.jsonl", poisoned[1]), records(2))
    await importing.run(job)
    assert await importing.failures(job) == [("bad.jsonl:1", "rejected_input")]
    assert await importing.execute("SELECT count(*) FROM collections") == [(1,)]


async def test_unreadable_llm_answers_fail_the_document_alone(importing: Importing, provider: FakeProvider) -> None:
    """After three answers without concepts a document fails with reason `extraction`; the rest goes on."""
    usual = provider.answer
    provider.answer = lambda prompt: "I cannot say." if "Study 1 " in prompt else usual(prompt)
    job = await importing.upload(records(4))
    await importing.run(job)
    assert await importing.failures(job) == [("papers.jsonl:2", "extraction")]
    assert provider.billed_twice == 2


@pytest.mark.parametrize("window", [1, 7, 20, 64])
async def test_the_window_is_never_exceeded(importing: Importing, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    """However long the documents, no more chunks are held than the window says, and the import ends."""
    flows: list[Flow] = []

    def flow_of(size: int) -> Flow:
        flows.append(Flow(size))
        return flows[-1]

    monkeypatch.setattr("importer.pipeline.Flow", flow_of)
    job = await importing.upload(records(10, sentences=40), records(30, sentences=1, first=100))
    await importing.run(job, window=window, openai_batch_size=16)
    assert (await importing.counts(job))["documents_done"] == 40
    assert 0 < flows[0].most_chunks <= window
    assert flows[0].chunks == flows[0].documents == 0


@pytest.mark.parametrize(
    ("handed_over", "batch", "sizes"),
    [(8, 20, {20: 3}), (32, 20, {20: 3}), (60, 7, {7: 8, 4: 1}), (1, 30, {30: 2})],
)
async def test_requests_have_the_providers_batch_size(
    importing: Importing, provider: FakeProvider, handed_over: int, batch: int, sizes: dict[int, int]
) -> None:
    """Groups larger than a provider's batch are cut, smaller ones gathered up to it: each knob acts alone."""
    lines = jsonl({"title": "", "text": f"Sentence number {number} of sixty."} for number in range(60))
    job = await importing.upload(lines)
    knobs: dict[str, Any] = {"embedding_batch_size": handed_over, "openai_batch_size": batch}
    await importing.run(job, extraction=False, window=256, embed_concurrency=1, **knobs)
    assert Counter(map(len, provider.requests)) == sizes


async def test_no_more_requests_are_under_way_than_slots(importing: Importing, provider: FakeProvider) -> None:
    """At any time at most `embed_concurrency` + `extract_concurrency` requests are at the provider."""
    await importing.run(await importing.upload(records(40)), embed_concurrency=2, extract_concurrency=3)
    assert provider.most_in_flight <= 5


async def test_unbounded_stores_the_same(importing: Importing, provider: FakeProvider) -> None:
    """With `window = 0` everything is held to the end, and what is stored is the same."""
    job = await importing.upload(records(25))
    stored_before_the_end: list[int] = []

    async def look(number: int, inputs: list[str]) -> None:
        stored_before_the_end.append((await importing.execute("SELECT count(*)::int FROM chunks"))[0][0])

    provider.meet = look
    await importing.run(job, window=0)
    assert set(stored_before_the_end) == {0}
    unbounded = await importing.content()
    await importing.execute(
        "TRUNCATE chunks, documents, document_chunks, extractions, concepts, mentions, relations, jobs CASCADE"
    )
    importing.services.cache.clear()
    await importing.run(await importing.upload(records(25)))
    assert await importing.content() == unbounded


async def test_halfvec_is_stored_in_its_own_column(importing: Importing) -> None:
    """With `halfvec` each vector is in `embedding_half`, close to what came, and `embedding` is empty."""
    await importing.run(await importing.upload(records(3)), halfvec=True)
    rows = await importing.execute("SELECT text, embedding_half::text, embedding IS NULL FROM chunks")
    for text, stored, is_empty in rows:
        sent = [float(one) for one in memoryview(vector(text)).cast("f")]
        assert is_empty
        assert [float(one) for one in stored.strip("[]").split(",")] == pytest.approx(sent, rel=1e-3)


async def test_the_upload_is_done_to_its_last_byte(importing: Importing) -> None:
    """At the end, the bytes done are the bytes uploaded, over several files."""
    job = await importing.upload(records(3), ("notes.txt", b"Some notes.\n"), records(2, first=9))
    await importing.run(job)
    assert await importing.execute("SELECT upload_bytes - upload_done_bytes FROM jobs") == [(0,)]


async def test_documents_are_asked_for_once_when_answers_are_cached(
    importing: Importing, provider: FakeProvider
) -> None:
    """An answer in the LLM cache serves a document whose extraction is not stored any more."""
    await importing.run(await importing.upload(records(3)))
    await importing.execute("TRUNCATE documents, document_chunks, extractions, mentions")
    await importing.run(await importing.upload(records(3)))
    assert provider.billed_twice == 0
    assert await importing.execute("SELECT count(*) FROM extractions") == [(3,)]


async def test_a_document_too_long_for_one_statement_is_settled_in_pieces(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of a long document are all there, in order and once, also where it is imported again."""
    monkeypatch.setattr("importer.database.settle.PAGE_BYTES", 16 * 3)
    for _ in range(2):
        await importing.run(await importing.upload(records(3, sentences=30)))
    rows = await importing.execute(
        "SELECT chunk_count, array_agg(ordinal ORDER BY ordinal) FROM documents JOIN document_chunks"
        " ON document_id = documents.id GROUP BY documents.id"
    )
    assert len(rows) == 3
    for count, ordinals in rows:
        assert count > 6
        assert ordinals == list(range(count))
