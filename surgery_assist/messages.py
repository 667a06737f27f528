"""Texts in the user's language, looked up by key.

The texts lie in ``resources/translations/<language>.yaml``; a test proves that both languages
have the same keys and placeholders.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, get_args

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.settings import resources_dir

Language = Literal["ro", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All texts of a language by key."""
    import yaml  # noqa: PLC0415  (start-up time)

    path = resources_dir() / "translations" / f"{language}.yaml"
    return {str(key): str(text) for key, text in yaml.safe_load(path.read_text("utf-8")).items()}


def translate(key: str, language: Language, /, **arguments: object) -> str:
    """Text for ``key`` with its placeholders filled.

    A missing key is shown as it is: better an English key on the screen than no message.
    """
    text = catalogue(language).get(key, key)
    try:
        return text.format(**arguments)
    except (KeyError, IndexError, ValueError):
        return text


def explain(error: SurgeryAssistError, language: Language) -> str:
    """One line that says what is wrong and what to do."""
    return translate(error.key, language, **error.arguments)
