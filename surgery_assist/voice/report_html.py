"""Pieces of a page: tables, bars and a histogram, as HTML that needs nothing else.

Everything that comes from outside is escaped here and nowhere else.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

import numpy as np

STYLE: Final = """
:root { --ink: #16202b; --soft: #5b6875; --line: #d5dce3; --good: #1d7a54; --bad: #b3341f;
  --paper: #fff; --wash: #f3f6f9; }
* { box-sizing: border-box; }
body { font: 16px/1.45 "Segoe UI", "Noto Sans", system-ui, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 66rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.9rem; margin: 0 0 .3rem; }
h2 { font-size: 1.4rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 3px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
p { max-width: 48rem; } .soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: .8rem 0; }
.tile { background: var(--wash); border-radius: .4rem; padding: .6rem 1rem; min-width: 9.5rem; }
.tile b { display: block; font-size: 1.7rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .9rem; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 1rem; font-size: .93rem; }
th, td { text-align: left; padding: .22rem .6rem .22rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: inline-block; width: 8rem; height: .7rem; background: #f0d5cf; border-radius: .2rem;
  overflow: hidden; vertical-align: middle; print-color-adjust: exact; }
.bar i { display: block; height: 100%; background: var(--good); print-color-adjust: exact; }
.matrix { overflow-x: auto; } .matrix table { width: auto; font-size: .82rem; }
.matrix td.n { min-width: 2.2rem; padding: .2rem .35rem; border: 1px solid var(--line); }
.matrix th.up { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  padding: .3rem .2rem; border: 0; }
.matrix td { print-color-adjust: exact; }
svg { max-width: 100%; height: auto; } svg text { font: 12px sans-serif; fill: var(--soft); }
svg rect { fill: #3a6ea5; }
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; padding: 0; }
  tr, .tile, svg { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .matrix { overflow: visible; } }
"""
"""Sober on a screen; on paper the colours stay and no row is cut."""


def page(title: str, language: str, body: Iterable[str]) -> str:
    """A whole document, self-contained."""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def heading(level: int, text: str) -> str:
    """A heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, *, soft: bool = False) -> str:
    """A paragraph of plain text."""
    return f'<p class="soft">{escape(text)}</p>' if soft else f"<p>{escape(text)}</p>"


def tiles(entries: Iterable[tuple[str, str]]) -> str:
    """Large figures with what they are: (figure, name)."""
    made = (
        f'<div class="tile"><b>{escape(figure)}</b><span>{escape(name)}</span></div>'
        for figure, name in entries
    )
    return f'<div class="tiles">{"".join(made)}</div>'


class Share(float):
    """0 to 1, shown as a bar and a percentage."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers stand at the right, a `Share` gets a bar, ``None`` is a dash."""
    kept = [list(row) for row in rows]
    numeric = [
        bool(kept) and all(isinstance(row[place], int | float | None) for row in kept)
        for place in range(len(columns))
    ]
    head = "".join(
        f"<th{_side(right)}>{escape(name)}</th>"
        for name, right in zip(columns, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_side(right)}>{_cell(value)}</td>"
            for value, right in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for row in kept
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def matrix(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A confusion matrix: a row is what was said, a column what was done; the diagonal is green."""
    head = "".join(f'<th class="up">{escape(name)}</th>' for name in columns)
    body = []
    for name, line in zip(rows, counts, strict=True):
        total = max(1, sum(line))
        cells = "".join(
            f'<td class="n" style="{_shade(count / total, right=name == column)}">'
            f"{count or ''}</td>"
            for column, count in zip(columns, line, strict=True)
        )
        body.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return (
        f'<div class="matrix"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def histogram(values: Sequence[float], unit: str, *, bins: int = 30) -> str:
    """Bars of how often which value comes, as SVG."""
    counts, edges = np.histogram(values, bins=bins, range=(0.0, max(values) or 1.0))
    width, height, foot = 720.0, 160.0, 22.0
    step = width / bins
    top = max(1, int(counts.max()))
    bars = "".join(
        f'<rect x="{place * step + 1:.1f}" y="{height - count / top * (height - 14):.1f}" '
        f'width="{step - 2:.1f}" height="{count / top * (height - 14):.1f}"/>'
        for place, count in enumerate(counts)
    )
    labels = "".join(
        f'<text x="{place * step:.1f}" y="{height + 15}">{edges[place]:.0f}</text>'
        for place in range(0, bins, 5)
    )
    end = f'<text x="{width}" y="{height + 15}" text-anchor="end">{edges[-1]:.0f} {escape(unit)}</text>'
    most = f'<text x="{width}" y="11" text-anchor="end">max {top}</text>'
    return (
        f'<svg viewBox="0 0 {width:.0f} {height + foot:.0f}" width="{width:.0f}" role="img">'
        f"{bars}{labels}{end}{most}</svg>"
    )


def _side(right: bool) -> str:  # noqa: FBT001
    return ' class="n"' if right else ""


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Share):
        filled = f'<span class="bar"><i style="width:{value:.1%}"></i></span>'
        return f"{filled} {value:.1%}"
    if isinstance(value, float):
        return f"{value:.1f}"
    return escape(str(value))


def _shade(share: float, *, right: bool) -> str:
    if not share:
        return ""
    colour = "29,122,84" if right else "179,52,31"
    return f"background:rgba({colour},{0.12 + 0.6 * share:.2f})"
