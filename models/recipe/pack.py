"""Stage ``pack``: the manifest with hashes and measured accuracies, and the model card."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.recipe.config import Donor, ScoreSettings
from surgery_assist.voice.packs import MANIFEST, hashes_of, read_pack, verify

PHONES_NAME: Final = "surgery-assist-1"
VERSION: Final = "0.1.0"


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
    people: Sequence[Measurement]
    scores: ScoreSettings
    parameters: int


def write_draft(pack: Path) -> None:
    """A manifest without hashes: enough for the program to take the pack as one of ours."""
    (pack / MANIFEST).write_text(json.dumps(_identity(pack.name)), "utf-8")


def finish(pack: Path, facts: PackFacts, name: str) -> None:
    """Write ``MODEL_CARD.md`` and ``pack.json``, and verify the result."""
    (pack / "MODEL_CARD.md").write_text(card(facts), "utf-8")
    manifest = {
        **_identity(name),
        "licence": "Apache-2.0",
        "sample_rate": 16000,
        "donor": {
            "package": facts.donor.package.requirement,
            "sha256": facts.donor.package.sha256,
            "licence": facts.donor.package.licence,
            "tap": facts.donor.tap,
        },
        "sources": [asdict(source) for source in facts.sources],
        "hours": round(sum(source.hours for source in facts.sources), 2),
        "scores": asdict(facts.scores),
        "accuracy": {
            "synthetic": [_measured(m) for m in facts.synthetic],
            "people": [_measured(m) for m in facts.people],
        },
        "files": hashes_of(pack),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (pack / MANIFEST).write_text(text, "utf-8")
    verify(read_pack(pack))


def card(facts: PackFacts) -> str:
    """The model card in Markdown."""
    sources = "\n".join(
        f"| {s.name} | {s.licence} | {s.speakers} | {s.hours:.2f} |" for s in facts.sources
    )
    return f"""# Romanian and English command pack

A small acoustic model in Vosk's own format for spoken commands in Romanian and English, made by
`models/recipe` and loaded by the stock `vosk` package (0.3.45). {facts.parameters / 1e6:.1f} million parameters.

* Lower layers (frozen): {facts.donor.package.requirement}, up to layer {facts.donor.tap}. Licence: {facts.donor.package.licence}.
* Upper layers: trained here, one output for each of 41 phones that both languages share.
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

{_table(facts.synthetic)}

### People (isolated words, closed vocabularies, nothing rejected, best path of the network alone)

{_table(facts.people)}

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


def _table(measurements: Sequence[Measurement]) -> str:
    if not measurements:
        return "Not measured when this pack was made."
    rows = "\n".join(
        f"| {m.name} | {m.language} | {m.condition} | {m.right} of {m.clips} | {m.percent} % |"
        for m in measurements
    )
    return f"| set | language | condition | right | |\n|---|---|---|---|---|\n{rows}"
