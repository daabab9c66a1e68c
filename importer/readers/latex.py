"""Turns the LaTeX of a BibTeX field into the text that it stands for, as far as titles and abstracts need it."""

import re
import unicodedata

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł",
    "L": "Ł", "i": "i", "j": "j", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "ldots": "…", "dots": "…",
    "textendash": "\u2013", "textemdash": "\u2014", "textasciitilde": "~", "textbackslash": "\\",
}  # fmt: skip
_ACCENTED = re.compile(r"\\(?:([`'^~=.\"])\s*|([uHvdckbr])(?:\s+|(?=\{)))\{?\s*\\?([^\W\d_])\s*\}?")
_COMMAND = re.compile(r"\\([a-zA-Z]+)\*?\s*")
_ESCAPED = re.compile(r"\\([^a-zA-Z])")
_KEPT = {char: chr(0xE000 + index) for index, char in enumerate("{}~$")}
"""Characters that an escape has made literal, hidden until the markup is gone."""


def plain(value: str) -> str:
    """Resolve accents, letters and escapes, and drop commands and braces; formulas stay as they are."""
    if "\\" in value:
        value = _ACCENTED.sub(_accent, value)
        value = _ESCAPED.sub(lambda found: _KEPT.get(found[1], found[1]), value)
        value = _COMMAND.sub(lambda found: _LETTERS.get(found[1], ""), value)
    value = value.replace("{", "").replace("}", "").replace("~", " ").replace("---", "\u2014").replace("--", "\u2013")
    for char, hidden in _KEPT.items():
        value = value.replace(hidden, char)
    return value


def _accent(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", found[3] + _ACCENTS[found[1] or found[2]])
