"""Presets: which values of a volume are seen, in which colour and how dense.

Each is a file of ``resources/volume_presets``; what a person changes (opacity, brightness,
contrast) is applied to its curves here, so that every way of drawing shows the same.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from surgery_assist.model.volume_view import VolumePreset, VolumeView
from surgery_assist.settings import resources_dir

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Light:
    """Phong shading by a lamp at the eye: shares of ambient, diffuse and specular light."""

    ambient: float
    diffuse: float
    specular: float
    power: float


@dataclass(frozen=True, slots=True)
class Preset:
    """One way of seeing a volume.

    ``values`` says whether points are HU or shares of the volume's own range (its 1st to 99.9th
    percentile). ``opacity`` is that of one millimetre, ``colour`` has RGB from 0 to 1, ``window``
    centre and width of the picture of the brightest values. ``inside`` leaves out what lies
    outside the body: air is the same on both sides of the skin.
    """

    name: VolumePreset
    relative: bool
    opacity: Curve
    colour: tuple[tuple[float, tuple[float, float, float]], ...]
    light: Light
    window: tuple[float, float]
    inside: bool


@cache
def load_preset(name: VolumePreset) -> Preset:
    """The preset of this name."""
    path = resources_dir() / "volume_presets" / f"{name}.yaml"
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return Preset(
        name,
        data["values"] == "relative",
        tuple((float(value), float(opacity)) for value, opacity in data["opacity"]),
        tuple((float(value), _rgb(colour)) for value, colour in data["colour"]),
        Light(**data["light"]),
        (float(data["window"][0]), float(data["window"][1])),
        bool(data.get("inside", False)),
    )


def _rgb(colour: str) -> tuple[float, float, float]:
    number = int(colour.removeprefix("#"), 16)
    return (number >> 16 & 255) / 255, (number >> 8 & 255) / 255, (number & 255) / 255


@dataclass(frozen=True, slots=True)
class Look:
    """A preset as it is to be drawn: curves over modality values, after all changes.

    ``opacity`` is that of one millimetre. ``window`` is centre and width for brightest values.
    """

    opacity: Curve
    colour: tuple[tuple[float, tuple[float, float, float]], ...]
    light: Light
    window: tuple[float, float]
    inside: bool

    def opacity_at(self, values: NDArray[Any], step_mm: float = 1.0) -> NDArray[np.float32]:
        """Opacity of a way of ``step_mm`` through these values."""
        points, opacities = zip(*self.opacity, strict=True)
        one: NDArray[np.float32] = np.interp(values, points, opacities).astype(np.float32)
        return (1.0 - (1.0 - one) ** np.float32(step_mm)).astype(np.float32)

    def colour_at(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """RGB from 0 to 1 of these values, in a last axis of three."""
        points = [point for point, _ in self.colour]
        parts = [np.interp(values, points, [rgb[i] for _, rgb in self.colour]) for i in range(3)]
        return np.stack(parts, axis=-1).astype(np.float32)

    @property
    def visible(self) -> tuple[float, float]:
        """Least and greatest value that is not wholly transparent."""
        low, high = -np.inf, np.inf
        for (value, opacity), (_, after) in zip(self.opacity, self.opacity[1:], strict=False):
            if opacity > 0.0:
                break
            low = value
            if after > 0.0:
                break
        for (value, opacity), (_, before) in zip(
            self.opacity[::-1], self.opacity[-2::-1], strict=False
        ):
            if opacity > 0.0:
                break
            high = value
            if before > 0.0:
                break
        return float(low), float(high)


def look_of(view: VolumeView, value_range: tuple[float, float]) -> Look:
    """The view's preset with its opacity, brightness and contrast.

    Parameters
    ----------
    value_range
        1st and 99.9th percentile of the volume, modality values, for presets of shares.
    """
    preset = load_preset(view.preset)
    low, high = value_range if preset.relative else (0.0, 1.0)
    points = [low + value * (high - low) for value, _ in preset.opacity]
    middle, width = (points[0] + points[-1]) / 2, points[-1] - points[0]

    def placed(value: float) -> float:
        value = low + value * (high - low)
        return middle + (value - middle) / view.contrast - view.brightness * width / 2

    centre, breadth = preset.window
    return Look(
        tuple(
            (placed(value), float(1.0 - (1.0 - min(opacity, 0.999)) ** view.opacity))
            for value, opacity in preset.opacity
        ),
        tuple((placed(value), colour) for value, colour in preset.colour),
        preset.light,
        (placed(centre), breadth * (high - low) / view.contrast),
        preset.inside,
    )
