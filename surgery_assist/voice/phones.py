"""The phone set that Romanian and English share, and how phones become Kaldi ids.

One set for both languages lets one network serve both. A phone is one HMM state with two
pdfs: its first frame and the rest. Phone ids carry the place in the word (begin, internal,
end, singleton), as Kaldi's ``word_boundary.int`` wants it, or word times come out wrong.
The filler is a phone whose score is a constant: it eats speech that is no command.
"""

from typing import Final

SILENCE: Final = "sil"
PHONES: Final[tuple[str, ...]] = (
    "sil", "a", "e", "i", "o", "u", "@", "1", "j", "w", "p", "b", "t", "d", "k", "g", "f", "v",
    "s", "z", "S", "Z", "tS", "dZ", "ts", "h", "m", "n", "N", "l", "r", "R", "er", "I", "A", "Q",
    "O", "U", "V", "T", "D",
)  # fmt: skip
"""Silence first; ``@`` is ă and schwa, ``1`` is â/î, ``R`` the English r, ``ts`` is ț."""

PHONE_INDEX: Final[dict[str, int]] = {phone: i for i, phone in enumerate(PHONES)}
FILLER_INDEX: Final = len(PHONES)
"""The filler comes after the last phone."""

BEGIN, INTERNAL, END, SINGLETON = range(4)
POSITION_NAMES: Final = ("begin", "internal", "end", "singleton")

PDF_COUNT: Final = 2 * (len(PHONES) + 1)
"""Pdf ``2i`` is the first frame of phone ``i``, ``2i + 1`` the frames after it; filler last."""

PHONE_ID_COUNT: Final = 1 + 4 * len(PHONES)
"""Kaldi phone ids run from 1: silence, then four places for every phone and the filler."""


def phone_id(index: int, position: int) -> int:
    """Kaldi phone id (from 1) of phone ``index`` at ``position`` in its word."""
    return 1 if index == 0 else 2 + 4 * (index - 1) + position


def base_phone(kaldi_id: int) -> int:
    """Index into ``PHONES`` (or ``FILLER_INDEX``) of a Kaldi phone id."""
    return 0 if kaldi_id == 1 else 1 + (kaldi_id - 2) // 4


def transition_ids(kaldi_id: int) -> tuple[int, int]:
    """``(self loop, forward)`` transition ids of a phone; forward is taken on its first frame."""
    return 2 * kaldi_id - 1, 2 * kaldi_id


def word_boundary_lines() -> list[str]:
    """Lines of ``graph/phones/word_boundary.int``."""
    return ["1 nonword"] + [
        f"{kaldi_id} {POSITION_NAMES[(kaldi_id - 2) % 4]}"
        for kaldi_id in range(2, PHONE_ID_COUNT + 1)
    ]
