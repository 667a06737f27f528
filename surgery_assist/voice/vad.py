"""Level meter and voice activity: is somebody speaking, how loud, over how much noise."""

from collections import deque
from typing import Any, Final

import numpy as np

from surgery_assist.voice.audio import FULL_SCALE, SAMPLE_RATE, AudioBlock
from surgery_assist.voice.events import LevelEvent

FRAME_SAMPLES: Final = 160
FRAME_SECONDS: Final = FRAME_SAMPLES / SAMPLE_RATE
LOWEST_DBFS: Final = -90.0
AGGRESSIVENESS: Final = 2
"""Of webrtcvad: 0 calls nearly everything speech, 3 little."""
SPEECH_OVER_FLOOR_DB: Final = 6.0
"""Below this above the noise floor, nothing counts as speech, whatever webrtcvad says."""
QUIETEST_SPEECH_DBFS: Final = -62.0
HANGOVER_SECONDS: Final = 0.15
VOTES: Final = 3
VOTING_FRAMES: Final = 5
FLOOR_FRAMES: Final = 300
FLOOR_PERCENTILE: Final = 10
"""The noise floor: a tenth of the last 3 s was quieter. Between words there is always a gap."""
FLOOR_PRIOR_FRAMES: Final = 10
"""So many frames of near silence are assumed before the first: a file may begin with speech."""
LEVEL_EVENT_SECONDS: Final = 0.1
SPEECH_SMOOTHING: Final = 0.08


class VoiceActivity:
    """Follows the level, the noise floor and whether somebody speaks.

    webrtcvad judges 10 ms frames by their spectrum; since it takes hum and suction for speech, a
    frame must also stand out from the noise floor.
    """

    def __init__(self) -> None:
        import webrtcvad  # noqa: PLC0415  (start-up time)

        self._detector: Any = webrtcvad.Vad(AGGRESSIVENESS)
        self._votes: deque[bool] = deque(maxlen=VOTING_FRAMES)
        self._levels: deque[float] = deque(
            [QUIETEST_SPEECH_DBFS] * FLOOR_PRIOR_FRAMES, maxlen=FLOOR_FRAMES
        )
        self._floor = QUIETEST_SPEECH_DBFS
        self._speech_level = LOWEST_DBFS
        self._last_voiced = -1e9
        self._started: float | None = None
        self._level = LOWEST_DBFS
        self._clipped = 0
        self._next_event = 0.0

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now (or paused less than the hangover ago)."""
        return self._started is not None

    @property
    def started(self) -> float | None:
        """When the speech that goes on began, stream seconds."""
        return self._started

    @property
    def last_voiced(self) -> float:
        """End of the last frame with speech in it, stream seconds."""
        return self._last_voiced

    @property
    def floor_dbfs(self) -> float:
        """Noise floor, dB below full scale."""
        return self._floor

    @property
    def snr_db(self) -> float:
        """Level of recent speech over the noise floor, dB; 0 while nobody has spoken."""
        return max(0.0, self._speech_level - self._floor)

    def feed(self, block: AudioBlock) -> LevelEvent | None:
        """Take a block; an event ten times a second."""
        self._clipped += block.clipped
        whole = len(block.samples) // FRAME_SAMPLES * FRAME_SAMPLES
        frames = block.samples[:whole].reshape(-1, FRAME_SAMPLES)
        levels = frame_levels(block.samples[:whole])
        self._levels.extend(levels.tolist())
        self._floor = float(np.percentile(self._levels, FLOOR_PERCENTILE))
        for index, level in enumerate(levels):
            now = block.time + (index + 1) * FRAME_SECONDS
            self._frame(frames[index].tobytes(), float(level), now)
        if block.end < self._next_event:
            return None
        self._next_event = block.end + LEVEL_EVENT_SECONDS - FRAME_SECONDS
        clipped, self._clipped = self._clipped, 0
        return LevelEvent(block.end, self._level, self._floor, self.snr_db, self.speaking, clipped)

    def silence_since(self, now: float) -> float:
        """Seconds since the last frame with speech."""
        return now - self._last_voiced

    def _frame(self, data: bytes, level: float, now: float) -> None:
        self._level += 0.3 * (level - self._level)
        loud = level > max(self._floor + SPEECH_OVER_FLOOR_DB, QUIETEST_SPEECH_DBFS)
        self._votes.append(loud and self._detector.is_speech(data, SAMPLE_RATE))
        if sum(self._votes) >= VOTES:
            if self._started is None:
                self._started = now - VOTING_FRAMES * FRAME_SECONDS
            self._last_voiced = now
            self._speech_level = (
                level
                if self._speech_level <= LOWEST_DBFS
                else self._speech_level + SPEECH_SMOOTHING * (level - self._speech_level)
            )
        elif self._started is not None and now - self._last_voiced > HANGOVER_SECONDS:
            self._started = None


def frame_levels(samples: np.typing.NDArray[np.int16]) -> np.typing.NDArray[np.float64]:
    """RMS level of each 10 ms frame, dB below full scale."""
    frames = samples.reshape(-1, FRAME_SAMPLES).astype(np.float64) / FULL_SCALE
    power = np.mean(frames * frames, axis=1)
    levels: np.typing.NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-9))
    return levels
