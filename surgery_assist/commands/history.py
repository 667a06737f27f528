"""Undo and redo: the views before each step."""

from dataclasses import dataclass

from surgery_assist.model.session import View

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A view that can be brought back, and what was done to leave it."""

    view: View
    command_id: str
    gesture: str


class History:
    """Bounded undo and redo. The views are the very objects that were left, never copies."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._past: list[Step] = []
        self._future: list[Step] = []

    def record(self, before: View, command_id: str, gesture: str) -> None:
        """Keep the view before a step; steps of one gesture become one."""
        self._future.clear()
        if gesture and self._past and self._past[-1].gesture == gesture:
            return
        self._past.append(Step(before, command_id, gesture))
        del self._past[: -self._limit]

    def undo(self, current: View) -> Step | None:
        """The view before the last step, or ``None``."""
        return self._move(self._past, self._future, current)

    def redo(self, current: View) -> Step | None:
        """The view that the last undo left, or ``None``."""
        return self._move(self._future, self._past, current)

    @staticmethod
    def _move(source: list[Step], target: list[Step], current: View) -> Step | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(current, step.command_id, ""))
        return step

    def clear(self) -> None:
        """Forget everything (another patient is in front)."""
        self._past.clear()
        self._future.clear()

    def __len__(self) -> int:
        """How many steps can be undone."""
        return len(self._past)
