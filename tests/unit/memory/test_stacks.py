"""The leaf of a stack is a function that a person can open in an editor."""

from harness.memory.capture import Frame
from harness.memory.stacks import importing_package, leaf_of
from tests.unit.memory.made_up_stacks import APP, SITE, frames, place, reader

IMPORT = ("_load <frozen importlib._bootstrap>:690", "_find_and_load <frozen importlib._bootstrap>:1176")


def test_the_leaf_is_the_innermost_function_in_a_file() -> None:
    """Generated code has no file: the function that called it counts."""
    stack = frames("__init__ <string>:4", f"decode {APP}/answers.py:70", f"main {APP}/app.py:3")
    assert leaf_of(reader(stack)) == Frame("decode", f"{APP}/answers.py", 70)


def test_a_comprehension_counts_as_the_function_around_it() -> None:
    """Its own line stays; a generator that another file goes through stays what it is."""
    nested = frames(f"<listcomp> {APP}/a.py:7", f"<genexpr> {APP}/a.py:6", f"decode {APP}/a.py:5")
    assert leaf_of(reader(nested)) == Frame("decode", f"{APP}/a.py", 7)
    elsewhere = frames(f"<genexpr> {APP}/a.py:7", f"join {SITE}/x/y.py:2")
    assert leaf_of(reader(elsewhere)) == Frame("<genexpr>", f"{APP}/a.py", 7)


def test_only_as_many_frames_are_read_as_the_leaf_needs() -> None:
    """Reading whole stacks is what takes the time of reading a capture."""
    plain = reader(frames(f"decode {APP}/a.py:5", *[f"call {APP}/b.py:1"] * 40))
    assert leaf_of(plain) == Frame("decode", f"{APP}/a.py", 5)
    assert plain.asked == 1
    deep = reader(frames(*["f <string>:1"] * 30, f"decode {APP}/a.py:5"))
    assert leaf_of(deep) == Frame("decode", f"{APP}/a.py", 5)


def test_without_a_function_in_a_file_there_is_no_leaf() -> None:
    """Threads of libraries have no Python stack."""
    assert leaf_of(reader(())) is None
    assert leaf_of(reader(frames("f <string>:1"))) is None


def test_the_launcher_is_no_function_of_the_target() -> None:
    """It stands alone on the stack of what no function allocated."""
    launcher = "main /opt/halfgig/harness/memory/launcher.py:90"
    assert leaf_of(reader(frames(launcher))) is None
    assert leaf_of(reader(frames("f <string>:1", launcher))) is None
    assert leaf_of(reader(frames(f"decode {APP}/a.py:5", launcher))) == Frame("decode", f"{APP}/a.py", 5)


def test_an_import_counts_for_the_module_that_imports() -> None:
    """The innermost module body on the stack; outside of an import there is none."""
    stack = frames(*IMPORT, f"<module> {SITE}/openai/_types.py:3", *IMPORT, f"<module> {APP}/app.py:1")
    assert importing_package(stack, place) == "openai"
    assert importing_package(frames(f"decode {APP}/a.py:5", f"<module> {APP}/app.py:1"), place) is None
