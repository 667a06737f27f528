"""The room: whether it is too loud to trust what is heard, and whether the near talker speaks."""

from typing import Final

import numpy as np

from surgery_assist.voice.audio import Samples
from surgery_assist.voice.events import LevelEvent
from surgery_assist.voice.vad import FRAME_SAMPLES, LOWEST_DBFS, frame_levels

LOUD_BELOW_DB: Final = 9.0
"""Speech less than this above the noise floor makes the room loud."""
QUIET_ABOVE_DB: Final = 13.0
LOUD_SECONDS: Final = 1.5
"""So long the room must be loud, or quiet, before it counts: a dropped instrument is no noise."""
QUIET_SECONDS: Final = 3.0
LOUDEST_FLOOR_DBFS: Final = -32.0
"""A floor above this leaves too little room for any voice, even before anyone has spoken."""
FAR_DB: Final = 12.0
"""So much below the near talker's usual level, somebody else speaks."""
KNOWN_AFTER: Final = 3
"""Sentences after which the usual level is known."""
USUAL_SMOOTHING: Final = 0.25
SPEECH_PERCENTILE: Final = 90


class NoiseWatch:
    """Whether the room is too loud, with hysteresis in level and time."""

    def __init__(self) -> None:
        self.loud = False
        self._since: float | None = None
        """When the room began to sound otherwise than ``loud`` says."""

    def feed(self, level: LevelEvent) -> bool:
        """Take a level; whether ``loud`` changed."""
        if self._agrees(level):
            self._since = None
            return False
        if self._since is None:
            self._since = level.time
        patience = QUIET_SECONDS if self.loud else LOUD_SECONDS
        if level.time - self._since < patience:
            return False
        self.loud, self._since = not self.loud, None
        return True

    def _agrees(self, level: LevelEvent) -> bool:
        """Whether the room sounds as ``loud`` says, or in between."""
        spoken = level.snr_db > 0.0
        if self.loud:
            quiet = level.snr_db >= QUIET_ABOVE_DB or (
                not spoken and level.floor_dbfs < LOUDEST_FLOOR_DBFS - 6.0
            )
            return not quiet
        hot = level.floor_dbfs > LOUDEST_FLOOR_DBFS
        return not (hot or (spoken and level.snr_db < LOUD_BELOW_DB))


class NearTalker:
    """The usual level of the one who commands; others stand farther away.

    Somebody who moves away is heard again at the second try: two sentences at a new level are the
    new usual one.
    """

    def __init__(self) -> None:
        self._usual = LOWEST_DBFS
        self._known = 0
        self._refused: float | None = None

    def is_far(self, dbfs: float) -> bool:
        """Whether speech of this level comes from somebody else; asked once for each sentence."""
        if self._known < KNOWN_AFTER or dbfs >= self._usual - FAR_DB:
            self._refused = None
            return False
        if self._refused is not None and abs(self._refused - dbfs) < FAR_DB / 2:
            self._usual, self._refused = dbfs, None
            return False
        self._refused = dbfs
        return True

    def understood(self, dbfs: float) -> None:
        """A command was said at this level."""
        self._known += 1
        first = self._known == 1
        self._usual = dbfs if first else self._usual + USUAL_SMOOTHING * (dbfs - self._usual)


def speech_level(audio: Samples) -> float:
    """Level of the louder parts of an utterance, (n,) int16, dB below full scale."""
    whole = len(audio) // FRAME_SAMPLES * FRAME_SAMPLES
    if whole == 0:
        return LOWEST_DBFS
    return float(np.percentile(frame_levels(audio[:whole]), SPEECH_PERCENTILE))
