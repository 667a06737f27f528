"""Slots: what a command takes, read from the annotations of its function."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin

from surgery_assist.errors import SlotError

SlotKind = Literal["int", "float", "choice", "amount", "cell", "value"]

Amount = NewType("Amount", object)
"""``"little"``, ``"lot"`` or percent as a number (twice is 100)."""
Cell = NewType("Cell", str)
"""A cell of the grid: a letter A to I and a digit 1 to 9."""

LITTLE_PERCENT: Final = 10.0
LOT_PERCENT: Final = 100.0
NORMAL_PERCENT: Final = 25.0
_CELL = re.compile(r"[A-I][1-9]")


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive limits of a number."""

    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument of a command."""

    name: str
    kind: SlotKind
    required: bool
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def read(self, value: object) -> object:
        """The value in its own type; text is parsed.

        Raises
        ------
        SlotError
            The value does not fit.
        """
        match self.kind:
            case "int" | "float":
                return self._number(value)
            case "choice":
                if value in self.choices:
                    return value
                raise SlotError(
                    "error.slot_choice",
                    slot=self.name,
                    value=value,
                    choices=", ".join(self.choices),
                )
            case "amount":
                return self._amount(value)
            case "cell":
                text = str(value).upper()
                if _CELL.fullmatch(text):
                    return text
                raise SlotError("error.slot_cell", slot=self.name, value=value)
            case "value":
                return value

    def _number(self, value: object) -> float:
        number = _as_number(value)
        whole = number is not None and (self.kind == "float" or number == int(number))
        low = -float("inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        if number is None or not whole or not low <= number <= high:
            raise SlotError(
                "error.slot_range",
                slot=self.name,
                value=value,
                minimum=f"{low:g}",
                maximum=f"{high:g}",
            )
        return int(number) if self.kind == "int" else number

    def _amount(self, value: object) -> object:
        if value in ("little", "lot"):
            return value
        number = _as_number(value)
        if number is None or not 0 <= number <= 999:
            raise SlotError("error.slot_amount", slot=self.name, value=value)
        return int(number) if number == int(number) else number

    def description(self) -> dict[str, object]:
        """Name, type and range for ``surgery-assist commands --json``."""
        result: dict[str, object] = {
            "name": self.name,
            "type": self.kind,
            "required": self.required,
        }
        if self.minimum is not None:
            result["minimum"], result["maximum"] = self.minimum, self.maximum
        if self.choices:
            result["choices"] = list(self.choices)
        return result


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None


def slot_from_annotation(name: str, annotation: Any, *, required: bool) -> Slot:
    """The slot that a parameter's annotation describes."""
    limits: Range | None = None
    if get_origin(annotation) is Annotated:
        annotation, *extras = get_args(annotation)
        limits = next((extra for extra in extras if isinstance(extra, Range)), None)
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        annotation = members[0] if len(members) == 1 else object
    low = limits.minimum if limits else None
    high = limits.maximum if limits else None
    if annotation is Amount:
        return Slot(name, "amount", required)
    if annotation is Cell:
        return Slot(name, "cell", required)
    if get_origin(annotation) is Literal:
        return Slot(name, "choice", required, choices=tuple(map(str, get_args(annotation))))
    if annotation is int:
        return Slot(name, "int", required, low, high)
    if annotation is float:
        return Slot(name, "float", required, low, high)
    return Slot(name, "value", required)


def read_slots(slots: tuple[Slot, ...], arguments: Mapping[str, object]) -> dict[str, object]:
    """Arguments checked and in their types.

    Raises
    ------
    SlotError
        One is missing, unknown or does not fit.
    """
    known = {slot.name: slot for slot in slots}
    unknown = next((name for name in arguments if name not in known), None)
    if unknown is not None:
        raise SlotError("error.slot_unknown", slot=unknown, known=", ".join(known) or "-")
    missing = next((s.name for s in slots if s.required and s.name not in arguments), None)
    if missing is not None:
        raise SlotError("error.slot_missing", slot=missing)
    return {name: known[name].read(value) for name, value in arguments.items()}


def percent(amount: object, normal: float = NORMAL_PERCENT) -> float:
    """An amount as percent; ``None`` is the command's normal step."""
    if amount is None:
        return normal
    if amount == "little":
        return LITTLE_PERCENT
    if amount == "lot":
        return LOT_PERCENT
    return float(amount)  # type: ignore[arg-type]
