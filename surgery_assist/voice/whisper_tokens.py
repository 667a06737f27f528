"""Whisper's text tokens: byte pair encoding (GPT-2's), from a vocabulary alone.

The number of a token is the order in which it was merged in training, so the list of tokens is
all that is needed to cut a text: join the two neighbours whose union has the lowest number,
again and again.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

END: Final = "<|endoftext|>"
START: Final = "<|startoftranscript|>"
TRANSCRIBE: Final = "<|transcribe|>"
NO_TIMESTAMPS: Final = "<|notimestamps|>"
_PIECES: Final = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"
)


class Vocabulary:
    """Tokens by number, and back.

    Parameters
    ----------
    tokens
        Every token in order, as ``vocabulary.json`` of a CTranslate2 model has them.

    Raises
    ------
    ValueError
        It is not the vocabulary of a multilingual Whisper model.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        if END not in tokens or "<|ro|>" not in tokens:
            raise ValueError
        self._special = {text: number for number, text in enumerate(tokens) if text[:2] == "<|"}
        self._end = self._special[END]
        bytes_of = _bytes_of_letters()
        self._texts = [bytes(bytes_of[letter] for letter in token) for token in tokens[: self._end]]
        self._ranks = {text: number for number, text in reversed(list(enumerate(self._texts)))}

    def prompt(self, language: str) -> list[int]:
        """Tokens that make the model write what is said in a language."""
        return [self._special[text] for text in (START, f"<|{language}|>", TRANSCRIBE)]

    @property
    def no_timestamps(self) -> int:
        """Token that asks for text alone."""
        return self._special[NO_TIMESTAMPS]

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text."""
        return [number for piece in _PIECES.findall(text) for number in self._merge(piece)]

    def decode(self, numbers: Iterable[int]) -> str:
        """Text of token numbers; those that are no text are left out."""
        joined = b"".join(self._texts[number] for number in numbers if number < self._end)
        return joined.decode("utf-8", errors="replace")

    def _merge(self, piece: str) -> list[int]:
        parts = [bytes([value]) for value in piece.encode("utf-8")]
        unknown = len(self._ranks)
        while len(parts) > 1:
            ranks = [self._ranks.get(left + right, unknown) for left, right in pairwise(parts)]
            best = min(range(len(ranks)), key=ranks.__getitem__)
            if ranks[best] == unknown:
                break
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        return [self._ranks[part] for part in parts]


@cache
def _bytes_of_letters() -> dict[str, int]:
    """GPT-2 writes every byte as a visible letter: Latin-1 as it is, the others from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [value for value in range(0x100) if value not in visible]
    letters = {chr(value): value for value in visible}
    letters.update({chr(0x100 + order): value for order, value in enumerate(hidden)})
    return letters
