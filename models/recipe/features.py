"""MFCC exactly as Vosk computes them (checked to five digits against the real ``vosk``)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import SAMPLE_RATE


class Mfcc:
    """MFCC with the options of a Kaldi ``mfcc.conf``.

    Parameters
    ----------
    options
        Lines such as ``--num-ceps=40``.
    """

    def __init__(self, options: str) -> None:
        import kaldi_native_fbank  # noqa: PLC0415  (recipe only)

        values = dict(
            line.strip().removeprefix("--").split("=", 1)
            for line in options.splitlines()
            if line.strip().startswith("--")
        )
        self._module = kaldi_native_fbank
        self._options = kaldi_native_fbank.MfccOptions()
        self._options.frame_opts.samp_freq = SAMPLE_RATE
        self._options.frame_opts.dither = 0.0
        self._options.frame_opts.snip_edges = True
        self._options.mel_opts.num_bins = int(values["num-mel-bins"])
        self._options.mel_opts.low_freq = float(values["low-freq"])
        self._options.mel_opts.high_freq = float(values["high-freq"])
        self._options.num_ceps = int(values["num-ceps"])
        self._options.use_energy = values.get("use-energy", "true") == "true"

    @classmethod
    def read(cls, path: Path) -> "Mfcc":
        """With the options of a file."""
        return cls(path.read_text("ascii"))

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(frames, coefficients) of 16 kHz samples, -1 to 1; a frame every 10 ms of 25 ms."""
        computer = self._module.OnlineMfcc(self._options)
        computer.accept_waveform(SAMPLE_RATE, (samples * np.float32(32768)).tolist())
        computer.input_finished()
        count = computer.num_frames_ready
        if not count:
            return np.zeros((0, self._options.num_ceps), np.float32)
        return np.stack([computer.get_frame(i) for i in range(count)]).astype(np.float32)
