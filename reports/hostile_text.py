"""Text that others chose (document names, error messages), made fit to be shown: nothing in it acts."""

import re
import unicodedata

TRUNCATED_AT = 2000
# C0 and C1 controls, lone surrogates, the marks that turn the direction of what follows, and non-characters: a
# terminal, an XML parser, a browser or an encoder would act on them or refuse them. Told by category, not by name.
_ACTING = {"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"}
_PLAIN = re.compile(r"[ -~]*")


def printable(text: str, most: int = TRUNCATED_AT) -> str:
    r"""`text` with everything that acts shown as its escape (`\n`, `\x1b`, `\u202e`), cut after `most` characters."""
    shown = text[:most]
    if not _PLAIN.fullmatch(shown):
        shown = "".join(_escape(character) for character in shown)
    return shown if len(text) <= most else shown + "…"


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _ACTING:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
