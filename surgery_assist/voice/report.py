"""The page of `voice eval --report`: what was heard right, by whom, in which noise, and what to do.

Made from the dictionary that `evaluate.run_eval` gives, so a saved JSON report can become a page too.
Synthetic voices and people are never counted together.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from surgery_assist.messages import Language, translate
from surgery_assist.voice import report_html as html
from surgery_assist.voice.closeness import ClosePair

VOICES: Final = ("people", "synthetic", "")
MOST_COMMANDS: Final = 30
MOST_MISTAKES: Final = 200
FEW: Final = 300
"""With fewer negatives than this many seconds, false actions per hour say little."""
Row = Mapping[str, Any]


def render_report(
    report: Mapping[str, Any], pairs: Sequence[ClosePair], language: Language, *, pack: str = ""
) -> str:
    """The page as HTML, self-contained.

    Parameters
    ----------
    report
        ``rows`` and ``summary`` of `evaluate.run_eval`.
    pairs
        Phrases that are too close, see `closeness.close_pairs`.
    pack
        Name of what was heard with.
    """
    writer = _Writer(report["rows"], language)
    title = translate("evaluation.title", language)
    mode = report["summary"].get("mode", "")
    body = [
        html.heading(1, title),
        html.paragraph(
            translate(
                "evaluation.about", language, recordings=len(report["rows"]), pack=pack, mode=mode
            ),
            soft=True,
        ),
        *(part for voices in VOICES for part in writer.voices(voices)),
        *writer.closeness(pairs),
    ]
    return html.page(title, language, body)


class _Writer:
    """Sections in one language."""

    def __init__(self, rows: Sequence[Row], language: Language) -> None:
        self._rows = rows
        self._language = language

    def voices(self, voices: str) -> Iterator[str]:
        """All about people, or about synthetic voices, or where nobody said which."""
        rows = [row for row in self._rows if row["voices"] == voices]
        if not rows:
            return
        yield html.heading(2, self._text(f"evaluation.voices_{voices or 'unknown'}"))
        if voices == "synthetic":
            yield html.paragraph(self._text("evaluation.synthetic_note"), soft=True)
        spoken = [row for row in rows if row["expected"]]
        yield self._figures(rows, spoken)
        if spoken:
            for name in ("speaker", "noise", "lang", "group"):
                yield from self._accuracy(spoken, name)
            yield from self._commands(spoken)
            yield from self._confusion(spoken)
            yield from self._latency(spoken)
        yield from self._mistakes(rows)

    def closeness(self, pairs: Sequence[ClosePair]) -> Iterator[str]:
        """Phrases that sound alike, those that were taken for one another first."""
        yield html.heading(2, self._text("evaluation.closeness"))
        if not pairs:
            yield html.paragraph(self._text("evaluation.closeness_none"))
            return
        yield html.paragraph(self._text("evaluation.closeness_about"), soft=True)
        mixed: Counter[tuple[str, str, str]] = Counter()
        for row in self._rows:
            if row["expected"] and row["id"] and row["expected"] != row["id"]:
                mixed[(row["lang"], *_sorted(row["expected"], row["id"]))] += 1
        lines = [
            (
                pair.first, pair.second, f"{pair.first_id} / {pair.second_id}",
                pair.distance, mixed[(pair.language, *_sorted(pair.first_id, pair.second_id))],
                self._text(pair.advice, first=pair.words[0], second=pair.words[1]),
            )
            for pair in pairs
        ]  # fmt: skip
        lines.sort(key=lambda line: -int(line[4]))
        names = ("sentence", "other_sentence", "commands", "distance", "taken", "advice")
        yield html.table(self._columns(*names), lines)

    def _figures(self, rows: Sequence[Row], spoken: Sequence[Row]) -> str:
        others = [row for row in rows if not row["expected"]]
        seconds = sum(row["seconds"] for row in others)
        acted = sum(row["actions"] for row in others)
        right = sum(row["verdict"] == "right" for row in spoken)
        wrong = sum(row["verdict"] == "wrong" for row in spoken)
        latencies = _latencies(spoken)
        entries: list[tuple[str, str]] = []
        if spoken:
            entries += [
                (f"{right / len(spoken):.1%}", self._text("evaluation.right", count=len(spoken))),
                (f"{wrong / len(spoken):.1%}", self._text("evaluation.wrong")),
            ]
        if latencies:
            middle, late = np.percentile(latencies, [50, 95])
            entries.append((f"{middle:.0f} / {late:.0f} ms", self._text("evaluation.latency_tile")))
        if others:
            rate = f"{acted * 3600 / seconds:.1f}" if seconds else "–"
            minutes = f"{seconds / 60:.1f}"
            key = "evaluation.false_actions" + ("_few" if seconds < FEW else "")
            entries.append((rate, self._text(key, actions=acted, minutes=minutes)))
        return html.tiles(entries)

    def _accuracy(self, rows: Sequence[Row], by: str) -> Iterator[str]:
        names = sorted({str(row[by]) for row in rows})
        if names == [""]:
            return
        yield html.heading(3, self._text(f"evaluation.by_{by}"))
        columns = self._columns(by, "clips", "right", "missed", "wrong_done")
        yield html.table(
            columns, [_counted(rows, name, lambda row: str(row[by])) for name in names]
        )

    def _commands(self, rows: Sequence[Row]) -> Iterator[str]:
        """The weakest first, and only those with a mistake: the others need no work."""
        lines = [
            _counted(rows, name, lambda row: str(row["expected"]))
            for name in sorted({str(row["expected"]) for row in rows})
        ]
        weak = sorted((line for line in lines if line[2] != 1.0), key=lambda line: line[2])
        yield html.heading(3, self._text("evaluation.by_command"))
        yield html.paragraph(
            self._text("evaluation.commands_right", right=len(lines) - len(weak), all=len(lines)),
            soft=True,
        )
        if weak:
            columns = self._columns("command", "clips", "right", "missed", "wrong_done")
            yield html.table(columns, weak[:MOST_COMMANDS])

    def _confusion(self, rows: Sequence[Row]) -> Iterator[str]:
        """Commands that were taken for another, with those and with nothing."""
        nothing = self._text("evaluation.nothing")
        slots = self._text("evaluation.other_value")
        done: Counter[tuple[str, str]] = Counter()
        for row in rows:
            # The same command with another value is a mistake, and not on the diagonal.
            same = row["id"] == row["expected"] and row["verdict"] == "wrong"
            done[row["expected"], slots if same else row["id"] or nothing] += 1
        mistaken = Counter[str]()
        for (said, did), count in done.items():
            mistaken[said] += count if said != did else 0
        names = [name for name, count in mistaken.most_common(MOST_COMMANDS) if count]
        if not names:
            return
        reached = {did for said, did in done if said in names} - {nothing, slots}
        columns = [*names, *sorted(reached - set(names)), slots, nothing]
        yield html.heading(3, self._text("evaluation.confusion"))
        yield html.paragraph(self._text("evaluation.confusion_about"), soft=True)
        yield html.matrix(names, columns, [[done[said, did] for did in columns] for said in names])

    def _latency(self, rows: Sequence[Row]) -> Iterator[str]:
        latencies = _latencies(rows)
        if latencies:
            yield html.heading(3, self._text("evaluation.latency"))
            yield html.histogram(latencies, "ms")

    def _mistakes(self, rows: Sequence[Row]) -> Iterator[str]:
        """Each recording that did not do what it should: to listen to."""
        wrong = [row for row in rows if row["verdict"] != "right"]
        if not wrong:
            return
        # What acted without being asked comes first, what was only missed last.
        order = ("false accept", "wrong", "miss")
        wrong.sort(key=lambda row: order.index(row["verdict"]))
        yield html.heading(3, self._text("evaluation.mistakes", count=len(wrong)))
        lines = [
            (
                row["path"], row["expected"], row["heard"],
                row["id"] or self._reason(row), self._text(f"evaluation.{_key(row['verdict'])}"),
            )
            for row in wrong[:MOST_MISTAKES]
        ]  # fmt: skip
        yield html.table(self._columns("path", "expected", "heard", "done", "verdict"), lines)

    def _reason(self, row: Row) -> str:
        reason = row.get("reason") or row.get("error") or ""
        return translate(reason, self._language)

    def _columns(self, *names: str) -> list[str]:
        return [self._text(f"evaluation.column_{name}") for name in names]

    def _text(self, key: str, **arguments: object) -> str:
        return translate(key, self._language, **arguments)


def _counted(rows: Sequence[Row], name: str, of: Callable[[Row], str]) -> tuple[Any, ...]:
    """Name, clips, share of right ones, missed, wrong."""
    verdicts = [row["verdict"] for row in rows if of(row) == name]
    share = html.Share(verdicts.count("right") / len(verdicts))
    return name or "–", len(verdicts), share, verdicts.count("miss"), verdicts.count("wrong")


def _latencies(rows: Sequence[Row]) -> list[float]:
    return [row["latency_ms"] for row in rows if row["verdict"] == "right"]


def _sorted(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _key(verdict: str) -> str:
    return "verdict_" + verdict.replace(" ", "_")
