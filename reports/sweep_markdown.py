"""A sweep as a short Markdown summary."""

from reports.markdown import command_block, plain, table
from reports.result import SweepResult, Verdict
from reports.sweep_body import Claim, CostModel
from reports.sweep_wording import (
    calls_words,
    claimed_words,
    coefficient_name,
    cost_words,
    elsewhere_words,
    interval_words,
    model_words,
    saved_words,
    survival_words,
    sweep_figures,
    sweep_reasons,
    sweep_subject,
    time_words,
)

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INVALID: "❔"}
_CLAIM_HEADS = ("claim", "on", "claimed", "measured", "verdict", "calls", "time", "survives the limit", "elsewhere")


def render_sweep_markdown(result: SweepResult) -> str:
    """Give verdict, answer, claims and cost model; every text from outside is escaped."""
    verdict, body = result.header.verdict, result.body
    best = body.recommendation
    environment = "```sh\n" + "\n".join(best.environment) + "\n```" if best and best.environment else ""
    parts = [
        f"## {_SIGNS[verdict]} {verdict}: halfgig sweep",
        "\n".join(f"- {plain(sentence)}" for sentence in sweep_reasons(result)),
        plain(sweep_subject(result)),
        environment,
        table(("", "", ""), [(one.label, f"**{plain(one.value)}**", plain(one.note)) for one in sweep_figures(result)]),
        table(_CLAIM_HEADS, [_claim(one) for one in body.claims]) if body.claims else "",
        _model(body.model),
        "\n".join(f"- {plain(one)}" for one in body.notes),
        command_block(result.header.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _claim(one: Claim) -> tuple[str, ...]:
    words = (one.name, one.on, claimed_words(one), saved_words(one))
    costs = (calls_words(one), time_words(one), survival_words(one), elsewhere_words(one))
    return (*(plain(word) for word in words), f"**{one.verdict}**", *(plain(word) for word in costs))


def _model(model: CostModel) -> str:
    if not model.fitted:
        return plain(model_words(model))
    rows = [
        (
            plain(coefficient_name(one)),
            cost_words(one.bytes_per_unit),
            interval_words(one.interval_bytes),
        )
        for one in (*model.floors, *model.coefficients)
    ]
    return plain(model_words(model)) + "\n\n" + table(("cost of one more", "", "95 % interval"), rows)
