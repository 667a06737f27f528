"""What is said: commands with their numbers, and ordinary words of both languages."""

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.recipe.errors import RecipeError
from surgery_assist.messages import Language
from surgery_assist.settings import Settings
from surgery_assist.voice.speech import build_speech

_DICTIONARIES: Final = {
    "ro": (Path("/usr/share/hunspell/ro_RO.dic"), "hunspell-ro"),
    "en": (Path("/usr/share/dict/words"), "wamerican"),
}
_CEDILLAS: Final = str.maketrans("\u015f\u0163\u015e\u0162", "șțȘȚ")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text in lower case, without punctuation."""

    language: Language
    text: str


def dictionary_words(language: Language) -> list[str]:
    """Plain words of the system's dictionary, 2 to 12 letters.

    Raises
    ------
    RecipeError
        The dictionary is not installed.
    """
    path, package = _DICTIONARIES[language]
    try:
        lines = path.read_text("utf-8", errors="ignore").splitlines()
    except OSError as error:
        raise RecipeError(f"{path} is missing: install the package {package}") from error
    words = (line.split("/")[0].strip().translate(_CEDILLAS) for line in lines)
    return [word for word in words if re.fullmatch("[a-zăâîșț]{2,12}", word)]


def word_sentences(count: int, seed: int) -> list[Sentence]:
    """Two or three dictionary words each, so that new commands need no new training."""
    chance = random.Random(seed)  # noqa: S311
    words = {"ro": dictionary_words("ro"), "en": dictionary_words("en")}
    sentences = []
    for _ in range(count):
        language: Language = "ro" if chance.random() < 0.6 else "en"
        chosen = chance.sample(words[language], chance.choice((1, 2, 2, 3)))
        sentences.append(Sentence(language, " ".join(chosen)))
    return sentences


def command_sentences(count: int, seed: int) -> list[Sentence]:
    """Random sentences of the phrase files, numbers included."""
    chance = random.Random(seed)  # noqa: S311
    books = build_speech(Settings()).books
    sentences = []
    for _ in range(count):
        language: Language = "ro" if chance.random() < 0.55 else "en"
        text, _, _ = books[language].sample(chance)
        sentences.append(Sentence(language, text))
    return sentences


def read_sentences(path: Path) -> list[Sentence]:
    """Sentences of a file, ``language<TAB>text`` a line."""
    sentences = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        language, _, text = line.partition("\t")
        if language not in ("ro", "en") or not text:
            raise RecipeError(f"{path}:{number}: expected ro or en, a tab and a text")
        sentences.append(Sentence(language, text))  # type: ignore[arg-type]
    return sentences
