"""The tables of a sweep as CSV: claims, cells, trials, the cost model."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.result import SweepResult
from reports.sweep_body import Interval

Row = Mapping[str, object]


def write_tables(directory: Path, result: SweepResult) -> None:
    """Write each table that has rows into its file."""
    for name, text in tables_of(result).items():
        (directory / name).write_text(text, encoding="utf-8")


def tables_of(result: SweepResult) -> dict[str, str]:
    """File name to CSV, of each table that has rows."""
    found = {
        "claims.csv": _claims(result),
        "cells.csv": _cells(result),
        "trials.csv": _trials(result),
        "model.csv": _model(result),
    }
    return {name: _csv(rows) for name, rows in found.items() if rows}


def _claims(result: SweepResult) -> list[Row]:
    return [
        {
            "claim": one.name, "on": one.on, "knob": " ".join(one.knob), "from": " ".join(one.from_),
            "to": " ".join(one.to), "claimed_bytes": one.claimed_bytes, "measured_bytes": one.measured_bytes,
            **_ends("measured", one.interval_bytes), "verdict": one.verdict, "rounds": one.rounds,
            "peak_from_bytes": one.peak_from_bytes, "peak_to_bytes": one.peak_to_bytes,
            "requests_from": one.requests_from, "requests_to": one.requests_to,
            "embedding_requests_from": one.embedding_requests_from,
            "embedding_requests_to": one.embedding_requests_to,
            "import_from_s": one.import_from_s, "import_to_s": one.import_to_s,
            "survives_from": one.survives_from, "survives_to": one.survives_to,
            "elsewhere_saved_bytes": one.elsewhere.saved_bytes if one.elsewhere else None,
        }
        for one in result.body.claims
    ]  # fmt: skip


def _cells(result: SweepResult) -> list[Row]:
    return [
        {
            **one.setting, "trials": one.trials, "killed": one.killed, "peak_bytes": one.peak_bytes,
            **_ends("peak", one.peak_interval_bytes), "chunks_per_s": one.chunks_per_s,
            **_ends("chunks_per_s", one.chunks_per_s_interval), "calls_per_1000_inputs": one.calls_per_1000_inputs,
            "within_budget": one.within_budget, "pareto": one.pareto,
        }
        for one in result.body.cells
    ]  # fmt: skip


def _trials(result: SweepResult) -> list[Row]:
    axes = list(dict.fromkeys(axis for one in result.body.trials for axis in one.setting))
    return [
        {
            "number": one.number, "part": one.part, **{axis: one.setting.get(axis) for axis in axes},
            "repeat": one.repeat, "limit_bytes": one.limit_bytes, "end": one.end, "peak_bytes": one.peak_bytes,
            "chunks_per_s": one.chunks_per_s, "requests": one.requests,
            "calls_per_1000_inputs": one.calls_per_1000_inputs, "duration_s": one.duration_s,
            "participant": one.participant, "directory": one.directory, "why": one.why,
        }
        for one in result.body.trials
    ]  # fmt: skip


def _model(result: SweepResult) -> list[Row]:
    model = result.body.model
    return [
        {
            "knob": one.knob, "level": one.level, "stage": one.stage, "bytes_per_unit": one.bytes_per_unit,
            **_ends("interval", one.interval_bytes),
        }
        for one in (*model.floors, *model.coefficients)
    ]  # fmt: skip


def _ends(name: str, interval: Interval) -> dict[str, float | None]:
    low, high = interval if len(interval) == 2 else (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """A value for a spreadsheet, which must not take a text for a formula."""
    if isinstance(value, tuple):
        value = " ".join(str(one) for one in value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
