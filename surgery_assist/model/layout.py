"""How the screen is divided into viewports."""

from dataclasses import dataclass

from surgery_assist.model.viewport import Rect

MAX_ROWS = 3
MAX_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid, or one large pane with ``focus`` small ones stacked at its right."""

    rows: int = 1
    columns: int = 1
    focus: int = 0

    @property
    def count(self) -> int:
        """How many panes there are."""
        return 1 + self.focus if self.focus else self.rows * self.columns

    def panes(self, width: float, height: float, gap: float = 2.0) -> tuple[Rect, ...]:
        """Rectangles of the panes, row by row, in an area of the given size (pixels)."""
        if self.focus:
            large = width * 2 / 3
            small = (height - gap * (self.focus - 1)) / self.focus
            side = tuple(
                Rect(large + gap, i * (small + gap), width - large - gap, small)
                for i in range(self.focus)
            )
            return (Rect(0.0, 0.0, large, height), *side)
        across = (width - gap * (self.columns - 1)) / self.columns
        down = (height - gap * (self.rows - 1)) / self.rows
        return tuple(
            Rect(column * (across + gap), row * (down + gap), across, down)
            for row in range(self.rows)
            for column in range(self.columns)
        )
