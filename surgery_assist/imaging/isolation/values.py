"""Frozen dataclasses as JSON and back, checked against their annotations.

What comes from a worker process is data and nothing else: no class is named in it, and a value of
another type than the field's is refused.
"""

import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import (
    Any,
    Final,
    Literal,
    NewType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

T = TypeVar("T")
_Decoder = Callable[[Any], Any]
_ARRAY_KINDS: Final = frozenset("biuf")


class ValueMismatchError(ValueError):
    """A value does not have the type that its place demands."""


def to_plain(value: Any) -> Any:
    """Make JSON of dataclasses, tuples, paths, small arrays, strings, numbers and ``None``."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [to_plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        data = b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}
    raise TypeError(type(value).__name__)


def from_plain(kind: type[T], value: Any) -> T:
    """Make a value of ``kind`` from what `to_plain` gave.

    Raises
    ------
    ValueMismatchError
        It is something else.
    """
    try:
        made: T = _decoder(cast("Hashable", kind))(value)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueMismatchError(f"no {kind.__name__}") from error
    return made


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> _Decoder:
    if isinstance(kind, NewType):
        return _decoder(kind.__supertype__)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(tuple(map(_decoder, get_args(kind))))
    if origin is Literal:
        return _literal(get_args(kind))
    if origin is tuple:
        return _tuple(get_args(kind))
    if origin is np.ndarray:
        return _array
    if is_dataclass(kind):
        return _dataclass(kind)
    if kind is Path:
        return lambda value: Path(_exactly(str, value))
    if kind is float:
        return lambda value: float(_exactly((int, float), value))
    if kind is bool or kind is int or kind is str or kind is types.NoneType:
        return lambda value: _exactly(kind, value)
    raise TypeError(f"no JSON for {kind}")


def _exactly(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueMismatchError(type(value).__name__)
    return value


def _one_of(decoders: tuple[_Decoder, ...]) -> _Decoder:
    def decode(value: Any) -> Any:
        for decoder in decoders:
            try:
                return decoder(value)
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
        raise ValueMismatchError(type(value).__name__)

    return decode


def _literal(allowed: tuple[Any, ...]) -> _Decoder:
    def decode(value: Any) -> Any:
        if value not in allowed:
            raise ValueMismatchError("no such value")
        return value

    return decode


def _tuple(parts: tuple[Any, ...]) -> _Decoder:
    if len(parts) == 2 and parts[1] is Ellipsis:
        each = _decoder(parts[0])
        return lambda value: tuple(map(each, _exactly(list, value)))
    decoders = tuple(map(_decoder, parts))
    return lambda value: tuple(
        decode(part) for decode, part in zip(decoders, _exactly(list, value), strict=True)
    )


def _array(value: Any) -> Any:
    dtype = np.dtype(_exactly(str, value["dtype"]))
    if dtype.kind not in _ARRAY_KINDS:
        raise ValueMismatchError(dtype.str)
    return np.frombuffer(b64decode(value["data"]), dtype).reshape(value["shape"])


def _dataclass(kind: Any) -> _Decoder:
    hints = get_type_hints(kind)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind) if field.init}

    def decode(value: Any) -> Any:
        if value.keys() != decoders.keys():
            raise ValueMismatchError(kind.__name__)
        return kind(**{name: decoder(value[name]) for name, decoder in decoders.items()})

    return decode
