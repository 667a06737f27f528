"""`voice words`: whether the pack can hear a word, and how it expects it to be said."""

from collections.abc import Callable

from surgery_assist.model.session import Language
from surgery_assist.voice.lexicon import Lexicon, Origin
from surgery_assist.voice.spelling import split_words


def words_report(text: str, language: Language, lexicon: Lexicon) -> dict[str, object]:
    """Each word of a text, in its order.

    ``known`` tells that a dictionary or the list of exceptions has it, ``from_spelling`` that its
    pronunciations were made by rule; a word with neither can't be heard.
    """
    return {
        "language": language,
        "words": [_word(word, language, lexicon) for word in dict.fromkeys(split_words(text))],
    }


def model_words_report(
    text: str, language: Language, knows: Callable[[str], bool]
) -> dict[str, object]:
    """The same for a standard Vosk model, which knows a word or not, and not how it is said."""
    return {
        "language": language,
        "words": [
            {"word": word, "known": knows(word), "pronunciations": [], "from_spelling": False}
            for word in dict.fromkeys(split_words(text))
        ],
    }


def _word(word: str, language: Language, lexicon: Lexicon) -> dict[str, object]:
    found = lexicon.pronunciations(word, language)
    by_rule = bool(found) and found[0].origin is Origin.RULES
    return {
        "word": word,
        "known": bool(found) and not by_rule,
        "pronunciations": [" ".join(entry.phones) for entry in found],
        "from_spelling": by_rule,
    }
