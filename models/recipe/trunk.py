"""The lower layers of a donor model, computed with numpy and written back as fixed components.

Any nnet3 model will do whose nodes are affine, TDNN(-F), ReLU, batch norm, dropout and sums:
the wiring lines are read as they are. The donor's i-vector input is set to zero, which folds
it away; batch norm becomes a scale and a bias; dropout vanishes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import SUBSAMPLING, Donor
from models.recipe.errors import RecipeError
from models.recipe.fetch import donor_dir
from surgery_assist.voice.nnet3 import (
    Component,
    fixed_affine,
    fixed_bias,
    fixed_scale,
    no_operation,
    read_model,
    rectified_linear,
)

INPUT: Final = "input"
_AFFINE: Final = ("FixedAffineComponent", "NaturalGradientAffineComponent", "AffineComponent")
_IDENTITY: Final = ("GeneralDropoutComponent", "DropoutComponent", "NoOpComponent")


@dataclass(frozen=True, slots=True)
class Term:
    """``scale`` times the output of ``source``, ``offset`` frames later."""

    scale: float
    source: str
    offset: int


Part = tuple[Term, ...]
"""Terms that are summed; a layer's input is its parts side by side."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One step: parts side by side, then ``weights``, then ReLU, then scale and shift."""

    name: str
    parts: tuple[Part, ...]
    weights: NDArray[np.float64] | None = None
    bias: NDArray[np.float64] | None = None
    rectify: bool = False
    scale: NDArray[np.float64] | None = None
    shift: NDArray[np.float64] | None = None
    dimension: int = 0


class Trunk:
    """Frozen layers from the input to the tap.

    Attributes
    ----------
    dimension
        Width of the tap.
    layers
        In order of computation.
    """

    def __init__(self, layers: Sequence[Layer], input_dimension: int) -> None:
        self.layers = tuple(layers)
        self.input_dimension = input_dimension
        self.dimension = layers[-1].dimension
        self.name = layers[-1].name
        self._sparse = _sparse_nodes(self.layers)
        self.context = _context(self.layers)

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs of the tap, (ceil(frames / 3), dimension), for MFCC (frames, coefficients).

        Frames beyond the ends repeat the first and last one, as Kaldi's decoder does.
        """
        pad = self.context + (-self.context) % SUBSAMPLING
        padded = np.pad(features, ((pad, pad + 2), (0, 0)), mode="edge")
        values: dict[str, NDArray[np.float32]] = {INPUT: padded}
        for layer in self.layers:
            step = SUBSAMPLING if layer.name in self._sparse else 1
            parts = [self._part(part, values, step) for part in layer.parts]
            output = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
            if layer.weights is not None:
                output = output @ layer.weights.T.astype(np.float32)
            if layer.bias is not None:
                output = output + layer.bias.astype(np.float32)
            if layer.rectify:
                output = np.maximum(output, 0)
            if layer.scale is not None and layer.shift is not None:
                output = output * layer.scale.astype(np.float32) + layer.shift.astype(np.float32)
            values[layer.name] = output
        tap = values[self.name]
        if self.name not in self._sparse:
            tap = tap[::SUBSAMPLING]
        first = pad // SUBSAMPLING
        return tap[first : first + -(-len(features) // SUBSAMPLING)]

    def _part(
        self, part: Part, values: Mapping[str, NDArray[np.float32]], step: int
    ) -> NDArray[np.float32]:
        total: NDArray[np.float32] | None = None
        for term in part:
            value = values[term.source]
            sparse = term.source in self._sparse
            shift = term.offset // SUBSAMPLING if sparse else term.offset
            value = np.roll(value, -shift, axis=0) if shift else value
            if step == SUBSAMPLING and not sparse:
                value = value[::SUBSAMPLING]
            value = value if term.scale == 1 else value * np.float32(term.scale)
            total = value if total is None else total + value
        if total is None:
            raise RecipeError("a layer of the donor has no input")
        return total

    def components(self) -> Iterator[tuple[str, str, Component]]:
        """``(name, input expression, component)`` of everything, to be written again."""
        for layer in self.layers:
            inner = _expression(layer.parts)
            for suffix, component in _steps(layer):
                name = layer.name + suffix
                yield name, inner, component
                inner = name


def load_trunk(donor: Donor, cache: Path) -> Trunk:
    """Read the donor's layers up to its tap.

    Raises
    ------
    RecipeError
        The donor has a kind of layer that this recipe does not know.
    """
    layers, dimension = _read_layers(donor, cache, donor.tap)
    return Trunk(layers, dimension)


def load_upper(donor: Donor, cache: Path) -> tuple[Layer, ...]:
    """Read the layers above the tap up to ``donor.top``, which go on learning.

    Raises
    ------
    RecipeError
        The donor has a kind of layer that this recipe does not know.
    """
    below, _ = _read_layers(donor, cache, donor.tap)
    layers, _ = _read_layers(donor, cache, donor.top)
    return tuple(layers[len(below) :])


def _read_layers(donor: Donor, cache: Path, last: int) -> tuple[list[Layer], int]:
    """All layers up to a TDNN-F layer, and the dimension of the input."""
    model = read_model(donor_dir(cache, donor) / donor.model)
    dimensions: dict[str, int] = {}
    alias: dict[str, Part] = {}
    layers: list[Layer] = []
    ends = [line for line in model.wiring if f"name=tdnnf{last}." in line]
    if not ends:
        raise RecipeError(f"the donor has no layer {last}")
    for line in model.wiring:
        if line.startswith("input-node"):
            name, dimension = re.findall(r"name=(\S+) dim=(\d+)", line)[0]
            dimensions[name] = int(dimension)
            continue
        if not line.startswith("component-node"):
            continue
        name, component_name, expression = re.findall(
            r"name=(\S+) component=(\S+) input=(.+)", line
        )[0]
        parts = [_resolve(part, alias) for part in _parse(expression)]
        layer = _layer(name, model.components[component_name], parts, dimensions)
        if layer is None:
            alias[name] = parts[0]
            dimensions[name] = dimensions[parts[0][0].source]
        else:
            layers.append(layer)
            dimensions[name] = layer.dimension
        if line == ends[-1]:
            break
    return layers, dimensions[INPUT]


def _layer(
    name: str, component: Component, parts: list[Part], dimensions: Mapping[str, int]
) -> Layer | None:
    """The layer of a component; None for those that only hand one input through."""
    kind = component.kind
    width = dimensions[parts[0][0].source]
    if kind in _IDENTITY:
        return Layer(name, tuple(parts), dimension=width) if len(parts[0]) > 1 else None
    if kind in (*_AFFINE, "LinearComponent", "TdnnComponent"):
        weights = component.array("Params" if kind == "LinearComponent" else "LinearParams")
        bias = component.array("BiasParams") if "BiasParams" in component.fields else None
        if kind == "TdnnComponent":
            parts = [
                tuple(Term(t.scale, t.source, t.offset + int(offset)) for t in part)
                for offset in component.array("TimeOffsets")
                for part in parts
            ]
        kept, columns, place = [], [], 0
        for part in parts:
            end = place + dimensions[part[0].source]
            if part[0].source != "ivector":
                kept.append(part)
                columns.append(weights[:, place:end])
            place = end
        bias = bias if bias is not None and len(bias) else None
        return Layer(
            name, tuple(kept), np.concatenate(columns, axis=1), bias, dimension=len(weights)
        )
    if kind == "RectifiedLinearComponent":
        return Layer(name, tuple(parts), rectify=True, dimension=width)
    if kind == "BatchNormComponent":
        variance = component.array("StatsVar") + component.number("Epsilon")
        scale = component.number("TargetRms") / np.sqrt(variance)
        shift = -component.array("StatsMean") * scale
        return Layer(name, tuple(parts), scale=scale, shift=shift, dimension=width)
    raise RecipeError(f"the donor's {name} is a {kind}, which this recipe does not know")


def _parse(expression: str) -> list[Part]:
    """Parts of an nnet3 descriptor such as ``Append(Offset(a, -1), Sum(Scale(0.66, b), c))``."""
    expression = expression.strip()
    match = re.fullmatch(r"(\w+)\((.*)\)", expression)
    if not match:
        return [(Term(1.0, expression, 0),)]
    function, inside = match.groups()
    arguments = _arguments(inside)
    if function == "Append":
        return [part for argument in arguments for part in _parse(argument)]
    if function == "Sum":
        return [tuple(term for argument in arguments for term in _parse(argument)[0])]
    if function == "Offset":
        later = int(arguments[1])
        return [
            tuple(Term(t.scale, t.source, t.offset + later) for t in part)
            for part in _parse(arguments[0])
        ]
    if function == "Scale":
        factor = float(arguments[0])
        return [
            tuple(Term(factor * t.scale, t.source, t.offset) for t in part)
            for part in _parse(arguments[1])
        ]
    if function == "ReplaceIndex":
        return _parse(arguments[0])
    raise RecipeError(f"the donor's wiring uses {function}, which this recipe does not know")


def _arguments(text: str) -> list[str]:
    depth, start, found = 0, 0, []
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]


def _resolve(part: Part, alias: Mapping[str, Part]) -> Part:
    return tuple(
        Term(outer.scale * inner.scale, inner.source, outer.offset + inner.offset)
        for outer in part
        for inner in alias.get(outer.source, (Term(1.0, outer.source, 0),))
    )


def _sparse_nodes(layers: Sequence[Layer]) -> frozenset[str]:
    """Layers of which only every third frame is needed."""
    dense: set[str] = {INPUT}
    for layer in reversed(layers):
        for part in layer.parts:
            for term in part:
                if layer.name in dense or term.offset % SUBSAMPLING:
                    dense.add(term.source)
    return frozenset(layer.name for layer in layers) - dense


def _context(layers: Sequence[Layer]) -> int:
    """Frames on either side that the last layer sees."""
    reach: dict[str, int] = {INPUT: 0}
    for layer in layers:
        terms = [term for part in layer.parts for term in part]
        reach[layer.name] = max(abs(term.offset) + reach[term.source] for term in terms)
    return reach[layers[-1].name]


def _expression(parts: Sequence[Part]) -> str:
    texts = []
    for part in parts:
        terms = []
        for term in part:
            text = term.source
            text = f"Offset({text}, {term.offset})" if term.offset else text
            terms.append(f"Scale({term.scale:g}, {text})" if term.scale != 1 else text)
        texts.append(terms[0] if len(terms) == 1 else f"Sum({', '.join(terms)})")
    return texts[0] if len(texts) == 1 else f"Append({', '.join(texts)})"


def _steps(layer: Layer) -> Iterator[tuple[str, Component]]:
    if layer.weights is not None:
        bias = layer.bias if layer.bias is not None else np.zeros(layer.dimension)
        yield "", fixed_affine(layer.weights, bias, compress=True)
    elif layer.rectify:
        yield "", rectified_linear(layer.dimension)
    elif layer.scale is not None and layer.shift is not None:
        yield ".scale", fixed_scale(layer.scale)
        yield "", fixed_bias(layer.shift)
    else:
        yield "", no_operation(layer.dimension)
