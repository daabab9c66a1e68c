"""How systemd is asked, without one."""

from pathlib import Path

from harness.containers.container import Launch
from harness.containers.systemd import name_of, transient_slice, unit_of

NAME = "12-3456-4026531836-0a1b2c3d"


def launch(limit_bytes: int | None, cpus: float | None) -> Launch:
    """A launch with these limits."""
    return Launch(("true",), {}, Path("/"), limit_bytes, cpus, Path("log"), "target")


def test_a_unit_has_no_dash_and_gives_its_name_back() -> None:
    """A dash in the name of a slice would make systemd nest it in others, which nobody removes."""
    unit = unit_of(NAME)

    assert unit == "halfgig_12_3456_4026531836_0a1b2c3d.slice"
    assert name_of(unit) == NAME


def test_a_slice_is_made_with_limit_no_swap_and_share() -> None:
    """Every limit is a property of the slice; CPU time is in microseconds a second."""
    signature, unit, mode, count, *words = transient_slice("u.slice", launch(64 * 2**20, 0.5))

    assert (signature, unit, mode) == ("ssa(sv)a(sa(sv))", "u.slice", "fail")
    properties = {words[at]: tuple(words[at + 1 : at + 3]) for at in range(0, 3 * int(count), 3)}
    assert properties["MemoryMax"] == ("t", "67108864")
    assert properties["MemorySwapMax"] == ("t", "0")
    assert properties["CPUQuotaPerSecUSec"] == ("t", "500000")
    assert words[3 * int(count) :] == ["0"]


def test_without_limits_only_swap_is_off() -> None:
    """What was not asked for is not limited."""
    words = transient_slice("u.slice", launch(None, None))

    assert "MemoryMax" not in words
    assert "CPUQuotaPerSecUSec" not in words
