"""Which documents are under way and what each still waits for; they are settled in the order of the upload."""

from collections import deque
from collections.abc import Iterable, Sequence

from importer.database.settle import SettledDocument
from importer.work import Input, Kind, PendingDocument

Key = tuple[Kind, bytes]


class Ledger:
    """The documents between reading and settlement, in order, and who waits for which input."""

    def __init__(self, first_position: int) -> None:
        self._documents: deque[PendingDocument] = deque()
        self._waiting: dict[Key, list[PendingDocument]] = {}
        self._next_position = first_position
        self.upload_offset = 0
        """Bytes of the upload that the settled documents cover."""

    def open(self, name: str, title: str, document_id: bytes | None) -> PendingDocument:
        """Begin the next document of the upload."""
        document = PendingDocument(self._next_position, name, title, document_id)
        self._next_position += 1
        self._documents.append(document)
        return document

    def wants(self, document: PendingDocument, one: Input) -> bool:
        """Note that `document` needs `one`; False when another document has asked for it and it is under way."""
        waiting = self._waiting.get(one.key)
        document.missing += 1
        if waiting is None:
            self._waiting[one.key] = [document]
        else:
            waiting.append(document)
        return waiting is None

    def storing(self, keys: Iterable[Key]) -> None:
        """Note that inputs go into the transaction that is next: whoever waits for them may settle in it.

        The inputs stay known until `stored`, so that a document that asks for one meanwhile waits for it too: a
        look-up would not find it before the commit, and it would be embedded again.
        """
        for key in keys:
            for document in self._waiting.get(key, ()):
                document.missing -= 1
            self._waiting[key] = []

    def stored(self, keys: Iterable[Key]) -> None:
        """Note that inputs are stored: whoever waited for them waits for one thing less."""
        for key in keys:
            for document in self._waiting.pop(key, ()):
                document.missing -= 1

    def rejected(self, one: Input, detail: str) -> None:
        """Note that the provider takes an input from nobody: the documents that need it fail, and only those."""
        for document in self._waiting.pop(one.key, ()):
            document.missing -= 1
            document.failure = document.failure or ("rejected_input", detail)

    @property
    def has_complete(self) -> bool:
        """Whether the next document in order can be settled."""
        return bool(self._documents) and self._documents[0].is_complete

    def take_complete(self) -> list[SettledDocument]:
        """Take the documents out that are complete, up to the first that is not."""
        settled = []
        while self.has_complete:
            document = self._documents.popleft()
            self.upload_offset = document.upload_offset
            settled.append(_settled(document))
        return settled

    def stage(self, queued: Sequence[Input], without_documents: str) -> str:
        """Name the stage of the oldest document that is not settled, or `without_documents` where there is none."""
        if not self._documents:
            return without_documents
        oldest = self._documents[0]
        if not (oldest.is_read or oldest.missing):
            return "read"
        if oldest.missing:
            is_queued = queued and oldest in self._waiting.get(queued[0].key, ())
            return "chunk" if is_queued else "embed"
        return "store" if oldest.is_extracted else "extract"


def _settled(document: PendingDocument) -> SettledDocument:
    reason, detail = document.failure or (None, None)
    return SettledDocument(
        document.position,
        document.name,
        document.title,
        None if document.failure else document.id,
        bytes(document.chunk_ids),
        document.concept_ids,
        document.extraction_id,
        reason,
        detail,
    )
