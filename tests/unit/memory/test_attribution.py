"""Sums over stacks: what each site, package and stage held, and nothing twice."""

from harness.memory.attribution import Ticks, attribute_peak, attribute_time, average, packages_of, there
from harness.memory.capture import NEVER, Span
from tests.unit.memory.made_up_stacks import APP, SITE, held, lived, place

DECODE = (f"decode {APP}/answers.py:70", f"embed {APP}/openai.py:27", f"<module> {APP}/app.py:1")
IMPORT = (
    "_load <frozen importlib._bootstrap>:690",
    f"<module> {SITE}/openai/__init__.py:3",
    f"<module> {APP}/app.py:1",
)


def test_sites_of_one_function_are_one_row() -> None:
    """Lines, ways and allocators add up by function and file; the line with most bytes is told, and its way."""
    found = attribute_peak(
        [
            held(100, f"decode {APP}/answers.py:71", f"other {APP}/b.py:1"),
            held(700, *DECODE, allocations=3),
            held(50, f"read {SITE}/httpx/_models.py:9"),
            held(25),
        ],
        place,
    )
    first, second = found.sites
    assert (first.function, first.file, first.package) == ("decode", "app/answers.py", "app")
    assert (first.line, first.bytes, first.allocations) == (70, 800, 4)
    assert first.stack[:2] == ("decode (app/answers.py:70)", "embed (app/openai.py:27)")
    assert (second.function, second.bytes, second.package) == ("read", 50, "httpx")
    assert found.unattributed_bytes == 25
    assert [(one.package, one.bytes) for one in packages_of(found.sites)] == [("app", 800), ("httpx", 50)]


def test_a_span_is_there_from_its_start_to_before_its_end() -> None:
    """And counts for the ticks of a stretch that it covers."""
    spans = (Span(2, 5, 100), Span(4, NEVER, 10))
    assert [there(spans, tick) for tick in range(7)] == [0, 0, 100, 100, 110, 10, 10]
    assert average(spans, range(2, 6)) == (100 + 100 + 110 + 10) / 4
    assert average(spans, range(3, 3)) == 0


def test_the_ticks_that_are_asked_about_are_added_up() -> None:
    """Stages, the second half of the import, and what was there before the service was ready."""
    ticks = Ticks(peak=8, ready=2, late=range(6, 10), account=8, look=4, stages={"read": 4, "embed": 8})
    found = attribute_time(
        [
            lived([(1, None, 1000)], *IMPORT),
            lived([(4, None, 10), (7, 9, 400)], *DECODE),
            lived([(3, None, 5)]),
        ],
        ticks,
        place,
    )
    decode = ("decode", "app/answers.py")
    assert found.held_bytes[decode] == 10 + 400 * 2 / 4
    assert found.early_bytes == 1000
    assert [(one.stage, one.heap_bytes) for one in found.stages] == [("read", 1015), ("embed", 1415)]
    assert [(one.function, one.bytes) for one in found.stages[1].top] == [("_load", 1000), ("decode", 410)]
    assert (found.imports, found.sites, found.unattributed_bytes) == ({"openai": 1000}, {decode: 410}, 5)
    assert found.look_bytes == 1015


def test_without_an_account_no_stack_is_read_whole() -> None:
    """A comparison needs leaves only."""
    one = lived([(0, None, 1)], *DECODE)
    found = attribute_time([one], Ticks(peak=0, ready=-1, late=range(1)), place)
    assert one.stack.asked == 1  # type: ignore[attr-defined]
    assert not found.sites
    assert not found.imports
