"""What microphones, rooms and operating rooms do to speech.

Everything is drawn from a seeded generator. Samples are float32, -1 to 1, 16 kHz, mono.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import SAMPLE_RATE

Samples = NDArray[np.float32]
Wave = NDArray[np.float64]
AUGMENTATION: Final = 2
"""Raise it with every change here: what was disturbed the old way is then made again."""
_NYQUIST: Final = SAMPLE_RATE / 2


def change_speed(samples: Samples, factor: float) -> Samples:
    """Slower below 1, faster above; pitch and vocal tract move along."""
    if factor == 1:
        return samples
    import soxr

    stretched: Samples = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE)
    return stretched


def add_silence(samples: Samples, before: float, after: float) -> Samples:
    """Digital silence round the speech, in seconds."""
    return np.pad(samples, (round(before * SAMPLE_RATE), round(after * SAMPLE_RATE)))


def disturb(
    samples: Samples,
    chance: np.random.Generator,
    talkers: Sequence[Callable[[], Samples]] = (),
) -> Samples:
    """One random channel: microphone, room, band, noise and level.

    Parameters
    ----------
    samples
        Clean speech with silence round it.
    chance
        Where the randomness comes from.
    talkers
        Other speech, for babble; loaded where it is needed.
    """
    wave = samples.astype(np.float64)
    wave /= np.abs(wave).max() + 1e-9
    wave = _room(_microphone(wave, chance), chance)
    if chance.random() < 0.15:  # overdriven
        wave = np.tanh(wave / (np.abs(wave).max() + 1e-9) * chance.uniform(1.5, 5))
    kind = chance.random()
    if kind < 0.9:
        if kind < 0.12:
            noise = coloured_noise(len(wave), chance)
        elif kind < 0.3 and talkers:
            noise = _babble(len(wave), chance, talkers)
        elif kind < 0.36:
            noise = _hum(len(wave), chance)
        else:
            noise = operating_room_noise(len(wave), chance)
        loud = chance.random() < 0.65
        ratio = chance.uniform(0, 20) if loud else chance.uniform(15, 45)
        wave = mix(wave, noise, level_of_speech(wave), ratio)
    band = chance.random()
    if band < 0.2:
        wave = _telephone(wave, chance)
    elif band < 0.4:
        wave = _filter(wave, int(chance.choice((2, 4, 6))), chance.uniform(3200, 7500), "low")
    peak = 10 ** (chance.uniform(-32, -1) / 20)
    wave *= peak / (np.abs(wave).max() + 1e-9)
    if kind >= 0.95:  # near silence round the speech, else digital silence
        wave = wave + chance.integers(-2, 3, len(wave)) / 32768
    return (np.round(wave * 32767) / 32768).astype(np.float32)


def mix(wave: Wave, noise: Wave, power: float, ratio: float) -> Wave:
    """Speech of a level ``power`` with noise ``ratio`` dB below it."""
    scaled: Wave = noise / (noise.std() + 1e-9) * power * 10 ** (-ratio / 20)
    return wave + scaled


def level_of_speech(wave: Wave) -> float:
    """Root mean square of the louder half of 20 ms blocks: pauses don't count."""
    blocks = wave[: len(wave) // 320 * 320].reshape(-1, 320)
    energy = np.sort((blocks**2).mean(axis=1))
    return float(np.sqrt(energy[len(energy) // 2 :].mean())) + 1e-9 if len(energy) else 1e-9


def _filter(wave: Wave, order: int, edges: float | tuple[float, float], kind: str) -> Wave:
    from scipy.signal import butter, sosfilt  # noqa: PLC0415  (recipe only)

    sections = butter(order, np.asarray(edges) / _NYQUIST, kind, output="sos")
    filtered: Wave = sosfilt(sections, wave)
    return filtered


def _microphone(wave: Wave, chance: np.random.Generator) -> Wave:
    from scipy.signal import fftconvolve, firwin2  # noqa: PLC0415  (recipe only)

    if chance.random() < 0.75:
        points = (0, 0.02, 0.06, 0.15, 0.35, 0.6, 0.8, 1)
        gains = 10 ** (chance.uniform(-10, 10, len(points)) / 20)
        wave = fftconvolve(wave, firwin2(257, points, gains), "same")
    if chance.random() < 0.25:  # a surgical mask dulls the treble
        loss = np.array((0, 2, chance.uniform(4, 9), chance.uniform(6, 14)))
        muffler = firwin2(129, (0, 0.25, 0.5, 1), 10 ** (-loss / 20))
        wave = fftconvolve(wave, muffler, "same")
    if chance.random() < 0.5:
        wave = _filter(wave, 2, chance.uniform(60, 350), "high")
    return wave


def _room(wave: Wave, chance: np.random.Generator) -> Wave:
    from scipy.signal import fftconvolve  # noqa: PLC0415  (recipe only)

    if chance.random() >= 0.55:
        return wave
    length = int(SAMPLE_RATE * chance.uniform(0.1, 0.7))
    tail = chance.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: chance.integers(8, 160)] *= 0.2
    tail *= chance.uniform(0.1, 0.8) / np.sqrt((tail**2).sum())
    tail[0] = 1
    reverberant: Wave = fftconvolve(wave, tail)[: len(wave)]
    return reverberant


def _telephone(wave: Wave, chance: np.random.Generator) -> Wave:
    """The band of 8 kHz sampling, sometimes with the telephone's 8-bit steps."""
    wave = _filter(wave, 8, chance.uniform(3300, 3900), "low")
    if chance.random() < 0.5:
        wave = wave / (np.abs(wave).max() + 1e-9)
        companded = np.sign(wave) * np.log1p(255 * np.abs(wave)) / np.log(256)
        companded = np.round(companded * 127) / 127
        wave = np.sign(companded) * np.expm1(np.abs(companded) * np.log(256)) / 255
    return wave


def coloured_noise(count: int, chance: np.random.Generator) -> Wave:
    """Noise between white and brown."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    tilt = chance.choice((0, 0.25, 0.5, 0.8))
    noise: Wave = np.fft.irfft(spectrum / (np.arange(len(spectrum)) + 1.0) ** tilt, count)
    noise /= noise.std() + 1e-9
    return noise


def _hum(count: int, chance: np.random.Generator) -> Wave:
    seconds = np.arange(count) / SAMPLE_RATE
    noise = coloured_noise(count, chance) * 0.3
    for frequency in chance.choice((50, 100, 150, 200, 300, 400, 600, 960), 3, replace=False):
        phase = chance.uniform(0, 6)
        noise += chance.uniform(0.1, 0.7) * np.sin(2 * np.pi * frequency * seconds + phase)
    return noise


def _babble(
    count: int, chance: np.random.Generator, talkers: Sequence[Callable[[], Samples]]
) -> Wave:
    noise = np.zeros(count)
    for load in talkers[: int(chance.integers(1, len(talkers) + 1))]:
        talker = load().astype(np.float64)
        talker = np.roll(talker, int(chance.integers(len(talker))))
        noise += np.resize(talker, count) * chance.uniform(0.3, 1) / (talker.std() + 1e-9)
    return noise


def operating_room_noise(count: int, chance: np.random.Generator) -> Wave:
    """Suction or ventilation, a monitor's beeps, mains hum, and metal on metal."""
    seconds = np.arange(count) / SAMPLE_RATE
    edges = (chance.uniform(150, 1500), chance.uniform(2500, 7500))
    noise = _filter(chance.standard_normal(count), int(chance.integers(1, 4)), edges, "band")
    swing = np.sin(2 * np.pi * chance.uniform(0.1, 2) * seconds + chance.uniform(0, 6))
    noise *= 1 - chance.uniform(0, 0.7) * (1 + swing) / 2
    noise /= noise.std() + 1e-9
    if chance.random() < 0.6:
        beep = np.sin(2 * np.pi * chance.uniform(400, 2500) * seconds)
        sounding = (seconds % chance.uniform(0.4, 1.5)) < chance.uniform(0.05, 0.3)
        noise += chance.uniform(0.1, 0.8) * beep * sounding
    if chance.random() < 0.6:
        mains = chance.choice((50, 100, 120, 150, 240, 300))
        noise += chance.uniform(0.05, 0.5) * np.sin(2 * np.pi * mains * seconds)
    if chance.random() < 0.4 and count > 1000:
        for _ in range(int(chance.integers(1, 5))):
            start, length = int(chance.integers(count - 500)), int(chance.integers(80, 500))
            decay = np.exp(-np.arange(length) / chance.uniform(20, 120))
            click = chance.standard_normal(length) * decay * chance.uniform(1, 6)
            noise[start : start + length] += click
    return noise
