"""Concepts of a text, as an LLM would list them: its own frequent long words, with evidence around them."""

import re
from collections import Counter

import orjson

_WORD = re.compile(r"[^\W\d_]{5,30}")
_EVIDENCE = re.compile(r"[A-Za-z0-9]+")
_STOP_WORDS = frozenset(
    _WORD.findall("""
    about above across after again against along among another around based because become before being between
    beyond called cannot could different during either every found from further given hence however including
    known large later least likely makes means might moreover often other others over paper present presented
    propose proposed provide provided rather recent related respectively result results return returns section
    several shall should shows shown similar since small something still study their theirs themselves then
    there therefore these thing things those though three through throughout together toward towards under until
    using value values various versus where whether which while whose within without would years
""")
)


def find_concepts(text: str, count: int) -> list[str]:
    """The `count` words of `text` that occur most often, longer ones first, then by alphabet."""
    words = Counter(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    return sorted(words, key=lambda word: (-words[word], -len(word), word))[:count]


def concepts_answer(text: str, count: int, size_bytes: int) -> bytes:
    """JSON `{"concepts": [{"name", "definition", "evidence"}]}` of `size_bytes`, or as little as its names need."""
    names = find_concepts(text, count)
    if not names:
        return b'{"concepts":[]}'
    bare = _to_json(names, [""] * len(names))
    missing = max(0, size_bytes - len(bare))
    shares = [missing // len(names)] * len(names)
    shares[-1] += missing % len(names)
    # Letters, digits and spaces only: what JSON does not escape, so that the size comes out exactly.
    source = " ".join(_EVIDENCE.findall(text)) or "text"
    return _to_json(names, [_evidence(source, name, share) for name, share in zip(names, shares, strict=True)])


def _to_json(names: list[str], evidence: list[str]) -> bytes:
    entries = [
        {"name": name, "definition": f"A term that the document uses: {name}.", "evidence": quote}
        for name, quote in zip(names, evidence, strict=True)
    ]
    return orjson.dumps({"concepts": entries})


def _evidence(source: str, name: str, length: int) -> str:
    """`length` characters of `source` from where `name` stands, beginning again at its end."""
    start = max(0, source.lower().find(name))
    turned = source[start:] + " " + source[:start] + " "
    return (turned * (length // len(turned) + 1))[:length]
