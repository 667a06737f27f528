"""Stage ``pack``: the manifest with hashes and measured accuracies, and the model card.

The card is rendered from the manifest. ``python -m models.recipe.pack PACK RESULT.json`` adds what
``benchmarks/voice_opinion.py --commands MANIFEST --json RESULT.json`` found to both.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from models.recipe.config import Donor, ScoreSettings
from surgery_assist.voice.packs import MANIFEST, hashes_of, read_pack, verify

PHONES_NAME: Final = "surgery-assist-1"
VERSION: Final = "0.1.0"
_DECIDED: Final = """\
What the whole program does, endpoint and decision included. Whisper base judges every sentence
that Vosk proposes, unless it is "stop", which acts at once: a word that sounds like it ("star")
can stop. "Right" is the command with all its values, and for other speech that nothing was done;
"wrong" is any other action. The gates of the decision were set on other recordings of the same
voices and speakers: unknown voices will do worse. Commands of people are the single words of one
man ("back", "forward", "left", "right", "stop")."""


@dataclass(frozen=True, slots=True)
class Source:
    """Speech that trained the pack."""

    name: str
    licence: str
    hours: float
    speakers: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """Right of all, for one set of clips in one condition."""

    name: str
    language: str
    condition: str
    right: int
    clips: int

    @property
    def percent(self) -> float:
        """Share of right clips."""
        return round(100 * self.right / max(1, self.clips), 1)


@dataclass(frozen=True, slots=True)
class PackFacts:
    """Everything that the card tells."""

    donor: Donor
    sources: Sequence[Source]
    synthetic: Sequence[Measurement]
    """By voice family."""
    speakers: Sequence[Measurement]
    """Synthetic commands by voice."""
    people: Sequence[Measurement]
    weak: Sequence[Mapping[str, object]]
    """Synthetic commands below 90 %: command, language, right, clips, heard."""
    scores: ScoreSettings
    parameters: int


def write_draft(pack: Path) -> None:
    """A manifest without hashes: enough for the program to take the pack as one of ours."""
    (pack / MANIFEST).write_text(json.dumps(_identity(pack.name)), "utf-8")


def finish(pack: Path, facts: PackFacts, name: str) -> None:
    """Write ``MODEL_CARD.md`` and ``pack.json``, and verify the result."""
    _write(pack, manifest_of(facts, name))


def add_decided(pack: Path, decided: Sequence[Mapping[str, object]]) -> None:
    """Add what the whole program did with recordings to the manifest and card of a pack.

    Parameters
    ----------
    decided
        One mapping for each set of recordings: ``voices`` ("synthetic" or "people"), ``set``,
        ``language``, ``opinion`` (whether the second opinion took part), and how many ``clips``
        were ``right``, ``wrong`` and ``rejected``.
    """
    manifest = json.loads((pack / MANIFEST).read_text("utf-8"))
    manifest["accuracy"]["decided"] = list(decided)
    _write(pack, manifest)


def manifest_of(facts: PackFacts, name: str) -> dict[str, Any]:
    """``pack.json`` without the hashes of the files."""
    return {
        **_identity(name),
        "licence": "Apache-2.0",
        "sample_rate": 16000,
        "parameters": facts.parameters,
        "donor": facts.donor.facts(),
        "sources": [asdict(source) for source in facts.sources],
        "hours": round(sum(source.hours for source in facts.sources), 2),
        "scores": asdict(facts.scores),
        "accuracy": {
            "synthetic": [_measured(m) for m in facts.synthetic],
            "speakers": [_measured(m) for m in facts.speakers],
            "weak": list(facts.weak),
            "people": [_measured(m) for m in facts.people],
        },
    }


def _write(pack: Path, manifest: dict[str, Any]) -> None:
    (pack / "MODEL_CARD.md").write_text(card(manifest), "utf-8")
    manifest["files"] = hashes_of(pack)
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (pack / MANIFEST).write_text(text, "utf-8")
    verify(read_pack(pack))


def card(manifest: Mapping[str, Any]) -> str:
    """The model card in Markdown."""
    donor, accuracy = manifest["donor"], manifest["accuracy"]
    sources = "\n".join(
        f"| {s['name']} | {s['licence']} | {s['speakers']} | {s['hours']:.2f} |"
        for s in manifest["sources"]
    )
    return f"""# Romanian and English command pack

A small acoustic model in Vosk's own format for spoken commands in Romanian and English, made by
`models/recipe` and loaded by the stock `vosk` package (0.3.45). {manifest["parameters"] / 1e6:.1f} million parameters.

* Lower layers (frozen): {donor["package"]}, up to layer {donor["tap"]}. Licence: {donor["licence"]}.
* Layers above it up to {donor["top"]}: from the donor, trained further here; then two of ours, one output for each of 41 phones that both languages share.
* English dictionary: Carnegie Mellon's (BSD-2-Clause). Romanian pronunciations come from rules.

## What it was trained on

| speech | licence | voices | hours |
|---|---|---|---|
{sources}

Every clip was heard through random microphones, rooms, bands and noises; the hours count clean
speech once. No recording of a surgeon or a patient took part.

## Measured

Synthetic voices and people are kept apart: a figure of one says little about the other.

### Synthetic voices that never trained (commands, whole sentence or command right)

{_table(accuracy["synthetic"])}

By voice (a mix counts as the voice that it has most of):

{_table(accuracy.get("speakers", ()))}

Commands below 90 % in quiet, few clips of each, and what was heard in their place:

{_weak(accuracy.get("weak", ()))}

### People (isolated words, closed vocabularies, nothing rejected, best path of the network alone)

{_table(accuracy["people"])}

## With the second opinion (the program's default)

{_decided(accuracy.get("decided", ()))}

## What is not known

* How well it hears surgeons: nobody has recorded these commands. Romanian people are represented
  by one speaker's isolated words; the English recordings are by few speakers too.
* How it does behind a mask, in a real operating room, or with several people talking at once.
* Its confidence separates right from wrong only weakly; commands that matter are read back.
"""


def _identity(name: str) -> dict[str, object]:
    return {"name": name, "version": VERSION, "languages": ["ro", "en"], "phones": PHONES_NAME}


def _measured(measurement: Measurement) -> Mapping[str, object]:
    return asdict(measurement) | {"percent": measurement.percent}


def _table(measurements: Sequence[Mapping[str, Any]]) -> str:
    if not measurements:
        return "Not measured when this pack was made."
    rows = "\n".join(
        "| {name} | {language} | {condition} | {right} of {clips} | {percent} % |".format_map(m)
        for m in measurements
    )
    return f"| set | language | condition | right | |\n|---|---|---|---|---|\n{rows}"


def _weak(commands: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"* {c['command']} ({c['language']}): {c['right']} of {c['clips']}; "
        + ", ".join(f'"{heard}"' for heard in c["heard"])
        for c in commands
    ]
    return "\n".join(lines) or "None."


def _decided(results: Sequence[Mapping[str, Any]]) -> str:
    if not results:
        return "Not measured when this pack was made."
    parts = [_DECIDED]
    for voices, title in (("synthetic", "Synthetic voices"), ("people", "People")):
        rows = "\n".join(
            f"| {r['set']} | {r['language']} | {'with' if r['opinion'] else 'without'} "
            f"| {r['clips']} | {r['right']} | {r['wrong']} | {r['rejected']} |"
            for r in results
            if r["voices"] == voices
        )
        parts.append(
            f"### {title}\n\n| set | language | opinion | clips | right | wrong | rejected |\n"
            f"|---|---|---|---|---|---|---|\n{rows}"
        )
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    pack, results = (Path(entry) for entry in (arguments or sys.argv[1:]))
    add_decided(pack, json.loads(results.read_text("utf-8"))["held_out"])


if __name__ == "__main__":
    main()
