"""JSON values into frozen dataclasses by their type hints, with errors that say where the value stands."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from reports.errors import ResultError

T = TypeVar("T")


def decode(kind: type[T], value: Any, where: str) -> T:
    """Take `value` in as a `kind`; ResultError names the field that does not fit."""
    return _decode(kind, value, where)  # type: ignore[no-any-return]


def _decode(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union(get_args(kind), value, where)
    if origin is Literal:
        return _one_of(get_args(kind), value, where)
    if origin is tuple:
        items = _expect(list, value, where)
        return tuple(_decode(get_args(kind)[0], one, f"{where}[{place}]") for place, one in enumerate(items))
    if origin is Mapping:
        entries = _expect(dict, value, where)
        return {key: _decode(get_args(kind)[1], one, f"{where}.{key}") for key, one in entries.items()}
    return _plain(kind, value, where)


def _plain(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind):
        return _object(kind, _expect(dict, value, where), where)
    if issubclass(kind, Enum):
        return kind(_one_of([one.value for one in kind], value, where))
    return float(_expect((int, float), value, where)) if kind is float else _expect(kind, value, where)


def _union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    rest = [kind for kind in kinds if kind is not types.NoneType]
    if value is None and len(rest) < len(kinds):
        return None
    if len(rest) == 1:
        return _decode(rest[0], value, where)
    lists = [kind for kind in rest if get_origin(kind) is tuple]
    if lists and isinstance(value, list):
        return _decode(lists[0], value, where)
    rest = [kind for kind in rest if kind not in lists]
    return _expect(tuple(rest), value, where)


def _object(kind: Any, value: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    for one in fields(kind):
        # A field whose name is a word of Python's own, such as `from_`, has no underscore in the file.
        if one.name.rstrip("_") not in value and one.default is MISSING and one.default_factory is MISSING:
            raise ResultError(f"{where}: {one.name} is missing")
    known = {one.name: one.name.rstrip("_") for one in fields(kind) if one.name.rstrip("_") in value}
    return kind(**{name: _decode(hints[name], value[told], f"{where}.{told}") for name, told in known.items()})


def _one_of(choices: Any, value: Any, where: str) -> Any:
    if value not in choices:
        raise ResultError(f"{where}: {value!r} is none of {', '.join(map(str, choices))}")
    return value


def _expect(kinds: Any, value: Any, where: str) -> Any:
    accepted = kinds if isinstance(kinds, tuple) else (kinds,)
    # A bool is an int to Python, not to JSON.
    fits = bool in accepted if isinstance(value, bool) else isinstance(value, accepted)
    if not fits:
        names = " or ".join(kind.__name__ for kind in accepted)
        raise ResultError(f"{where}: expected {names}, found {value!r:.80}")
    return value
