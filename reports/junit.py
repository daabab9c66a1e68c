"""Any result as JUnit XML, which every CI system reads: one test case a metric, or one for the whole result."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from reports.gate_body import Comparison
from reports.gate_wording import change, figure, title
from reports.hostile_text import printable
from reports.load_quantities import show
from reports.result import AnyResult, GateResult, LoadResult, Verdict

JUNIT = "junit.xml"
_TAGS = {"FAIL": "failure", "INVALID": "error"}
_TEXT_MOST = 20_000
# XML 1.0 has no way at all to write these.
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Case:
    suite: str
    name: str
    verdict: str
    text: str
    properties: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


def render_junit(result: AnyResult) -> str:
    """Give the document; a FAIL is a failure, an INVALID an error and never a skip."""
    cases = _cases(result)
    suites = ElementTree.Element("testsuites", name=f"halfgig {result.kind}")
    for name in dict.fromkeys(one.suite for one in cases):
        suites.append(_suite(name, [one for one in cases if one.suite == name], result))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _cases(result: AnyResult) -> tuple[_Case, ...]:
    match result:
        case GateResult():
            return tuple(_gate_cases(result))
        case LoadResult():
            return (_whole(result), *_load_cases(result))
        case _:
            return (_whole(result),)


def _load_cases(result: LoadResult) -> Iterator[_Case]:
    """One a threshold; its time is that of the whole run, which stands with the run's own case."""
    for one in result.body.thresholds:
        limit, measured = f"{one.sign} {show(one.limit, one.unit)}", show(one.measured, one.unit)
        text = f"{one.name} {limit}: {one.detail}"
        told = (("limit", limit), ("measured", measured), ("samples", str(one.samples)))
        yield _Case(result.header.scenario, one.name, one.verdict, text, told)


def _suite(name: str, cases: Sequence[_Case], result: AnyResult) -> ElementTree.Element:
    verdicts = [one.verdict for one in cases]
    suite = ElementTree.Element(
        "testsuite",
        name=_text(f"halfgig.{name}"),
        tests=str(len(cases)),
        failures=str(verdicts.count("FAIL")),
        errors=str(verdicts.count("INVALID")),
        skipped="0",
        timestamp=_text(result.header.started_at),
        time=f"{sum(one.seconds for one in cases):.3f}",
    )
    suite.extend(_case(one) for one in cases)
    return suite


def _case(one: _Case) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=_text(f"halfgig.{one.suite}"), name=_text(one.name), time=f"{one.seconds:.3f}"
    )
    if one.properties:
        properties = ElementTree.SubElement(case, "properties")
        for name, value in one.properties:
            ElementTree.SubElement(properties, "property", name=_text(name), value=_text(value))
    if one.verdict in _TAGS:
        first = one.text.splitlines()[0] if one.text else one.verdict
        ElementTree.SubElement(case, _TAGS[one.verdict], type=one.verdict, message=_text(first)).text = _text(one.text)
    return case


def _gate_cases(result: GateResult) -> Iterator[_Case]:
    body = result.body
    seconds = {one.scenario: one.duration_s for one in body.scenarios}
    for row in body.comparisons:
        reasons = [reason for one in body.scenarios if one.scenario == row.scenario for reason in one.reasons]
        share = seconds.get(row.scenario, 0.0) / max(sum(one.scenario == row.scenario for one in body.comparisons), 1)
        yield _Case(row.scenario, row.metric, row.verdict, _row_text(row, reasons, result), _properties(row), share)
    told = {row.scenario for row in body.comparisons}
    for one in body.scenarios:
        if one.scenario not in told:
            yield _Case(one.scenario, "gate", one.verdict, "\n".join(one.reasons), (), one.duration_s)


def _row_text(row: Comparison, reasons: Sequence[str], result: GateResult) -> str:
    line = f"{title(row.metric)}: {figure(row, row.baseline)} before, {figure(row, row.measured)} now ({change(row)})"
    grew = [
        f"{one.delta_bytes:+,d} bytes  {one.function}  {one.file}"
        for one in result.body.diff
        if one.scenario == row.scenario
    ]
    return "\n".join([line, *reasons, *(("what grew, by function:", *grew[:20]) if grew else ())])


def _properties(row: Comparison) -> tuple[tuple[str, str], ...]:
    told = {"baseline": row.baseline, "measured": row.measured, "threshold": row.threshold, "noise": row.noise}
    return tuple((name, f"{value:.0f}") for name, value in told.items() if value is not None)


def _whole(result: AnyResult) -> _Case:
    verdict: Verdict = result.header.verdict
    text = "\n".join(one.text or one.code for one in result.header.reasons)
    return _Case(result.header.scenario, result.kind, verdict.value, text, (), result.header.duration_s or 0.0)


def _text(text: str) -> str:
    """Fit for XML: what acts is shown as its escape, what cannot be written is left out."""
    shown = "\n".join(printable(line, _TEXT_MOST) for line in text[:_TEXT_MOST].split("\n"))
    return _UNWRITABLE.sub("", shown)
