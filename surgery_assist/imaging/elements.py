"""The values of a data set, read leniently from their raw bytes.

Real files hold numbers as text that are no numbers, values of the wrong representation, and
public elements as UN. So what an element means follows from its tag here, not from the file.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from surgery_assist.imaging.fast_header import RawElements
from surgery_assist.imaging.names import decode_text
from surgery_assist.imaging.quiet import quiet_pydicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CHARACTER_SET = 0x00080005
MAX_ITEMS = 20_000
"""More items than any real sequence has."""
_SHORT = 256
"""Values up to this length are parsed once and remembered."""


def _dictionary_representation(tag: int) -> str:
    quiet_pydicom()
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415  (start-up time)

    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return ""


def _values_of(value: bytes) -> tuple[str, ...]:
    return _split(value) if len(value) <= _SHORT else _split.__wrapped__(value)


def _decimals_of(value: bytes) -> tuple[float, ...] | None:
    return _decimals(value) if len(value) <= _SHORT else _decimals.__wrapped__(value)


# Files of a series say the same over and over again.
@lru_cache(maxsize=4096)
def _split(value: bytes) -> tuple[str, ...]:
    """Values in ASCII, stripped."""
    return tuple(part.strip(" \0\t\r\n") for part in value.decode("latin-1").split("\\"))


@lru_cache(maxsize=4096)
def _decimals(value: bytes) -> tuple[float, ...] | None:
    """Numbers as text; none when one is not finite, ``None`` when one is no number."""
    try:
        numbers = tuple(float(part.replace(",", ".")) for part in _values_of(value))
    except ValueError:
        return None
    return numbers if all(isfinite(number) for number in numbers) else ()


class Elements:
    """Lenient access to one data set (or sequence item) by tag number."""

    def __init__(
        self, dataset: "Dataset | RawElements", character_sets: tuple[str, ...] | None = None
    ) -> None:
        self._dataset = dataset
        own = self.texts(CHARACTER_SET)
        self.character_sets = own or character_sets or ()

    def __contains__(self, tag: int) -> bool:
        return tag in self._dataset

    def raw(self, tag: int) -> tuple[bytes, bool] | None:
        """Bytes of a value and whether they are little endian; ``None`` when there are none."""
        if tag not in self._dataset:
            return None
        element = self._dataset.get_item(tag)
        value: Any = element.value
        if isinstance(value, bytes):
            return value, bool(getattr(element, "is_little_endian", True))
        if tag == CHARACTER_SET and value:  # the one that pydicom converts while reading
            parts = [value] if isinstance(value, str) else value
            return "\\".join(map(str, parts)).encode("latin-1", "replace"), True
        return None

    def _values(self, tag: int) -> tuple[str, ...]:
        found = self.raw(tag)
        return () if found is None else _values_of(found[0])

    def texts(self, tag: int) -> tuple[str, ...]:
        """Code strings, UIDs: values in ASCII, stripped."""
        values = self._values(tag)
        return values if any(values) else ()

    def code(self, tag: int, limit: int = 64) -> str:
        """The first such value, cut at ``limit`` characters."""
        values = self._values(tag)
        return values[0][:limit] if values else ""

    def text(self, tag: int, limit: int = 256) -> str:
        """Text in the file's character set."""
        found = self.raw(tag)
        if found is None:
            return ""
        return decode_text(found[0][: 4 * limit].strip(b" \0"), self.character_sets)[:limit]

    def lines(self, tag: int, limit: int = 100_000) -> str:
        """Text of several lines."""
        found = self.raw(tag)
        if found is None:
            return ""
        parts = found[0][:limit].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        texts = [decode_text(part.strip(b" \0"), self.character_sets) for part in parts]
        return "\n".join(texts).strip()

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Decimal or integer strings; empty when one of them is no finite number."""
        found = self.raw(tag)
        if found is None:
            return ()
        numbers = _decimals_of(found[0])
        return self._binary_numbers(tag) if numbers is None else numbers

    def _binary_numbers(self, tag: int) -> tuple[float, ...]:
        found = self.raw(tag)
        kinds = {"FD": "d", "FL": "f", "US": "H", "SS": "h", "UL": "I", "SL": "i"}
        if found is None:
            return ()
        representation = str(getattr(self._dataset.get_item(tag), "VR", None) or "UN")
        if representation == "UN":  # also what implicit VR gives
            representation = _dictionary_representation(tag)
        kind = kinds.get(representation)
        if kind is None:
            return ()
        return self._unpacked(*found, kind)

    @staticmethod
    def _unpacked(value: bytes, little: bool, kind: str) -> tuple[float, ...]:  # noqa: FBT001
        size = struct.calcsize(kind)
        count = len(value) // size
        order = "<" if little else ">"
        return struct.unpack(f"{order}{count}{kind}", value[: count * size])

    def number(self, tag: int) -> float | None:
        """The first decimal string."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int) -> int | None:
        """The first integer string."""
        number = self.number(tag)
        return None if number is None else int(number)

    def shorts(self, tag: int, *, signed: bool = False) -> tuple[int, ...]:
        """Values of US or SS; a one-byte or textual value gives nothing."""
        found = self.raw(tag)
        if found is None or len(found[0]) < 2:
            return ()
        return tuple(int(value) for value in self._unpacked(*found, "h" if signed else "H"))

    def short(self, tag: int, default: int | None = None) -> int | None:
        """The first US value."""
        values = self.shorts(tag)
        return values[0] if values else default

    def doubles(self, tag: int) -> tuple[float, ...]:
        """Values of FD, or of whatever numbers the file has there."""
        return self._binary_numbers(tag) or self.numbers(tag)

    def items(self, tag: int) -> Iterator["Elements"]:
        """Items of a sequence; none when it can't be parsed."""
        if tag not in self._dataset:
            return
        try:
            sequence: Any
            if isinstance(self._dataset, RawElements):
                sequence = self._dataset.sequences.get(tag)
            else:
                sequence = self._dataset[tag].value
            for position, item in enumerate(sequence or ()):
                if position >= MAX_ITEMS or not hasattr(item, "get_item"):
                    return
                yield Elements(item, self.character_sets)
        except (ValueError, TypeError, KeyError, EOFError, struct.error, NotImplementedError):
            return

    def item(self, tag: int) -> "Elements | None":
        """The first item of a sequence."""
        return next(self.items(tag), None)
