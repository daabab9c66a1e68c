"""A sweep in words: what the terminal, Markdown and HTML all say the same way."""

from collections.abc import Callable, Mapping, Sequence

from reports.quantities import KIB, MIB, UNKNOWN, format_bytes, format_count, format_duration, format_rate, plural
from reports.result import SweepResult, Verdict
from reports.sweep_body import Claim, Coefficient, CostModel, EarlyStopping, SweepTrial
from reports.wording import Figure

Format = Callable[[float | None], str]

ENDS = {
    "whole": "whole",
    "stopped_early": "stopped early",
    "killed": "OOM-killed",
    "failed": "failed",
    "not_started": "not started",
}


def sweep_reasons(result: SweepResult) -> tuple[str, ...]:
    """What it came to, the most important first."""
    body = result.body
    said = [one.text or one.code for one in result.header.reasons]
    if body.recommendation:
        said.insert(0, body.recommendation.text)
    if body.claims:
        said.insert(0, claims_summary(body.claims))
    if body.plans:
        said.append(body.plans.text)
    if not said and result.header.verdict is Verdict.PASS:
        said.append("Every trial ended, or its end is explained.")
    return tuple(said)


def sweep_subject(result: SweepResult) -> str:
    """What was swept, where."""
    head, body = result.header, result.body
    return (
        f"{head.scenario} · {head.target} · {head.backend}{' (simulated)' if head.simulated else ''} · {body.mode} · "
        f"limit {format_bytes(head.limit_bytes)} · budget {format_bytes(head.budget_bytes)}"
    )


def sweep_figures(result: SweepResult) -> tuple[Figure, ...]:
    """The figures that matter, most important first."""
    body, found = result.body, []
    best = body.recommendation
    if best:
        peak, rate = best.peak_interval_bytes, best.chunks_per_s_interval
        found.append(Figure("peak of the answer", format_bytes(best.peak_bytes), _between(peak, format_bytes)))
        found.append(Figure("chunks a second", format_rate(best.chunks_per_s), _between(rate, format_rate)))
        found.append(Figure("verified", f"{best.verified_runs} of {best.verify_runs}", "runs under the real limit"))
    if body.smallest_limit:
        note = " ".join(format_bytes(one) for one in body.smallest_limit.answers_bytes)
        found.append(Figure("smallest limit", format_bytes(body.smallest_limit.bytes), f"found {note}"))
    found.append(Figure("trials", format_count(len(body.trials)), ends_words(body.trials)))
    early = early_words(body.early_stopping)
    if early:
        found.append(Figure("spared", format_duration(body.early_stopping.spared_s), early))
    found.append(Figure("duration", format_duration(result.header.duration_s), f"study {body.study}"))
    return tuple(found)


def ends_words(trials: Sequence[SweepTrial]) -> str:
    """`12 whole, 30 stopped early, 2 OOM-killed`."""
    counts = {end: sum(one.end == end for one in trials) for end in ENDS}
    return ", ".join(f"{count} {ENDS[end]}" for end, count in counts.items() if count)


def early_words(early: EarlyStopping) -> str:
    """What early stopping did, and how true it was where that can be told."""
    if not early.stopped:
        return ""
    text = f"by stopping {plural(early.stopped, 'trial')} at the plateau"
    if early.checked and early.peak_error is not None:
        text += f"; of {early.checked} whole ones it would have missed {max(0.0, early.peak_error):.1%} of the peak"
    return text


def claims_summary(claims: Sequence[Claim]) -> str:
    """How many of them are refuted, confirmed, undecided."""
    if len(claims) == 1:
        one = claims[0]
        return f"{one.verdict}: {change_words(one)} saves {saved_words(one)}; claimed was {claimed_words(one)}."
    counts = {word: sum(one.verdict == word for one in claims) for word in ("REFUTED", "CONFIRMED", "UNDECIDED")}
    parts = [f"{count} {word.lower()}" for word, count in counts.items() if count]
    return f"Of {len(claims)} claims {', '.join(parts)}."


def claimed_words(claim: Claim) -> str:
    """The size that was claimed."""
    if claim.claimed_bytes is None:
        return "no size"
    if isinstance(claim.claimed_bytes, int):
        return format_bytes(claim.claimed_bytes)
    low, high = claim.claimed_bytes
    return f"{format_bytes(low)} to {format_bytes(high)}"


def change_words(claim: Claim) -> str:
    """`cohere_batch_size 96 → 20`, knob by knob."""
    changes = zip(claim.knob, claim.from_, claim.to, strict=True)
    return ", ".join(f"{knob} {before} → {after}" for knob, before, after in changes)


def details_words(claim: Claim) -> str:
    """The change, where the claim's name does not say it already."""
    change = change_words(claim)
    return "" if claim.name == change else change


def saved_words(claim: Claim) -> str:
    """The measured saving with its interval."""
    return size_words(claim.measured_bytes, claim.interval_bytes)


def peaks_words(claim: Claim) -> str:
    """The peak before and after."""
    return f"peak {format_bytes(claim.peak_from_bytes)} → {format_bytes(claim.peak_to_bytes)}"


def calls_words(claim: Claim) -> str:
    """`296 → 660 (2.2 x), embeddings 96 → 460 (4.8 x)`."""
    text = _change_words(claim.requests_from, claim.requests_to, format_count)
    if claim.embedding_requests_from in (None, claim.requests_from):
        return text
    embeddings = _change_words(claim.embedding_requests_from, claim.embedding_requests_to, format_count)
    return f"{text}, embeddings {embeddings}"


def time_words(claim: Claim) -> str:
    """The import's time before and after."""
    return _change_words(claim.import_from_s, claim.import_to_s, format_duration)


def survival_words(claim: Claim) -> str:
    """Whether each side survives the scenario's limit."""
    words = {True: "yes", False: "no", None: "not tried"}
    return f"{words[claim.survives_from]} → {words[claim.survives_to]}"


def elsewhere_words(claim: Claim) -> str:
    """What the same change gave on the other code."""
    found = claim.elsewhere
    if found is None:
        return ""
    parts = [format_bytes(found.saved_bytes)] if found.saved_bytes is not None else []
    if found.peak_from_bytes is not None and found.peak_to_bytes is not None:
        parts.append(f"peak {format_bytes(found.peak_from_bytes)} → {format_bytes(found.peak_to_bytes)}")
    if found.calls_from and found.calls_to:
        parts.append(f"calls {found.calls_from} → {found.calls_to}")
    return ", ".join(parts)


def size_words(size: float | None, interval: Sequence[float]) -> str:
    """`84.1 MB (83 MB to 85.2 MB)`."""
    return _with_interval(size, interval, format_bytes)


def coefficient_name(one: Coefficient) -> str:
    """`window`, or `index=true`; with several peaks also which of them."""
    name = f"{one.knob}={one.level}" if one.level else one.knob
    return f"{name}, peak {one.stage}" if one.stage else name


def cost_words(size: float) -> str:
    """`2.003 MB`, `29.9 kB`: four digits, because costs are small differences."""
    unit, name = (MIB, "MB") if abs(size) >= MIB / 10 else (KIB, "kB") if abs(size) >= KIB / 10 else (1, "B")
    return f"{size / unit:.4g} {name}"


def interval_words(interval: Sequence[float]) -> str:
    """`1.993 MB to 2.013 MB`."""
    return " to ".join(cost_words(end) for end in interval) or UNKNOWN


def model_words(model: CostModel) -> str:
    """How good the model is, or why there is none."""
    if not model.fitted:
        return f"No cost model: {model.why}" if model.why else ""
    error = format_bytes(model.left_out_error_bytes)
    censored = f"; {plural(model.censored, 'killed trial')} left out" if model.censored else ""
    text = f"{model.form}, from {plural(model.trials, 'trial')}{censored}; a trial left out is predicted within {error}"
    return f"{text} (root mean square). {model.why}".strip()


def setting_words(setting: Mapping[str, str]) -> str:
    """`cohere_batch_size=96 window=200`."""
    return " ".join(f"{axis}={value}" for axis, value in setting.items()) or "as the scenario has it"


def _with_interval(value: float | None, interval: Sequence[float], form: Format) -> str:
    if value is None:
        return UNKNOWN
    return f"{form(value)} ({_between(interval, form)})"


def _between(interval: Sequence[float], form: Format) -> str:
    return " to ".join(form(end) for end in interval) or "spread unknown"


def _change_words(before: float | None, after: float | None, form: Format) -> str:
    if before is None or after is None:
        return f"{form(before)} → {form(after)}"
    ratio = f" ({after / before:.1f} x)" if before else ""
    return f"{form(before)} → {form(after)}{ratio}"
