"""Sizes, shares and times as people write them in scenarios and options, read into plain numbers."""

import re

from harness.errors import ScenarioError

MIB = 2**20
_UNITS = {"": 1, "B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_bytes(text: str, where: str) -> int:
    """Bytes of `512MB`, `1.5GB` or `1048576`; MB is 2^20 bytes, as for the kernel and Docker."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise ScenarioError(f"{where}: {text!r} is not a size; write it like 512MB, 1.5GB or 536870912")
    size_bytes = int(float(match[1]) * _UNITS[match[2].upper()])
    if size_bytes <= 0:
        raise ScenarioError(f"{where}: {text!r} is not a size above zero")
    return size_bytes


def parse_budget(text: str, limit_bytes: int, where: str) -> int:
    """Bytes of a budget, which is a share of the limit (`65%`) or a size (`330MB`) of at most the limit."""
    share = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    budget_bytes = int(limit_bytes * float(share[1]) / 100) if share else parse_bytes(text, where)
    if not 0 < budget_bytes <= limit_bytes:
        raise ScenarioError(f"{where}: the budget {text!r} is not between zero and the limit")
    return budget_bytes


def parse_seconds(text: str, where: str) -> float:
    """Seconds of `10m`, `90s`, `500ms` or `2h`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*", text)
    if match is None:
        raise ScenarioError(f"{where}: {text!r} is not a time; write it like 10m, 90s or 500ms")
    return float(match[1]) * _SECONDS[match[2]]
