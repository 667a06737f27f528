"""The forward pass of a pack's nnet3 network in numpy, for adapting its last layer to a speaker.

The wiring lines of the model are followed as they stand. Components are those that the recipe
writes: affine, ReLU, scale, bias, sums and log softmax.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import PackError
from surgery_assist.voice.nnet3 import AcousticModel, Component, fixed_affine

INPUT: Final = "input"
SUBSAMPLING: Final = 3
"""Vosk asks for every third frame (``frame-subsampling-factor``)."""

FloatArray = NDArray[np.float32]
_NODE: Final = re.compile(r"component-node name=(\S+) component=(\S+) input=(.+)")
_CALL: Final = re.compile(r"(\w+)\((.*)\)")


@dataclass(frozen=True, slots=True)
class _Node:
    """A component and the descriptor of its input."""

    name: str
    component: str
    source: str


class Network:
    """What a model computes, in two parts: up to the last affine layer, and from there.

    Parameters
    ----------
    model
        A model whose log softmax follows an affine layer, as in the packs of the recipe.

    Raises
    ------
    PackError
        The model is of another kind.
    """

    def __init__(self, model: AcousticModel) -> None:
        self.model = model
        matches = [match for line in model.wiring if (match := _NODE.match(line))]
        self._nodes = [_Node(*match.groups()) for match in matches]
        self._components = {
            name: _function(component) for name, component in model.components.items()
        }
        kinds = {node.name: model.components[node.component].kind for node in self._nodes}
        softmax = [n for n in self._nodes if kinds[n.name] == "LogSoftmaxComponent"]
        last = [n for n in self._nodes if softmax and n.name == softmax[-1].source]
        if len(last) != 1 or "Affine" not in kinds[last[0].name]:
            raise PackError("error.model_unreadable", detail="no output layer")
        self._last = last[0]

    @property
    def weights(self) -> tuple[FloatArray, FloatArray]:
        """The last affine layer: weights (phones, inputs) and bias (phones,)."""
        layer = self.model.components[self._last.component]
        return (
            layer.array("LinearParams").astype(np.float32),
            layer.array("BiasParams").astype(np.float32),
        )

    def with_weights(self, weights: FloatArray, bias: FloatArray) -> AcousticModel:
        """The model with another last affine layer."""
        components = {**self.model.components, self._last.component: fixed_affine(weights, bias)}
        return replace(self.model, components=components)

    def hidden(self, features: FloatArray) -> FloatArray:
        """Inputs of the last affine layer, (ceil(frames / 3), inputs).

        Frames beyond the ends repeat the first and last, as in Kaldi's decoder.

        Parameters
        ----------
        features
            Cepstra (frames, coefficients).
        """
        reach = max(self.model.left_context, self.model.right_context, 1) + SUBSAMPLING
        padded = np.pad(features, ((reach, reach), (0, 0)), mode="edge")
        values: dict[str, FloatArray] = {INPUT: padded}
        for node in self._nodes:
            if node.name == self._last.name:
                break
            values[node.name] = self._components[node.component](_described(node.source, values))
        inputs = _described(self._last.source, values)
        return inputs[reach : reach + len(features)][::SUBSAMPLING]

    def scores(self, hidden: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
        """The decoder's scores (steps, densities) for `hidden` with this last layer."""
        values = {self._last.name: hidden @ weights.T + bias}
        place = self._nodes.index(self._last)
        for node in self._nodes[place + 1 :]:
            values[node.name] = self._components[node.component](_described(node.source, values))
        return values[self._nodes[-1].name]


def log_softmax(values: FloatArray) -> FloatArray:
    """Logarithms of probabilities along the last axis."""
    shifted = values - values.max(axis=-1, keepdims=True)
    logs: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def _function(component: Component) -> Callable[[FloatArray], FloatArray]:
    kind = component.kind
    if kind == "FixedAffineComponent":
        weights = component.array("LinearParams").astype(np.float32)
        bias = component.array("BiasParams").astype(np.float32)
        return lambda x: np.asarray(x @ weights.T + bias, np.float32)
    if kind == "FixedScaleComponent":
        scales = component.array("Scales").astype(np.float32)
        return lambda x: x * scales
    if kind == "FixedBiasComponent":
        shift = component.array("Bias").astype(np.float32)
        return lambda x: x + shift
    if kind == "RectifiedLinearComponent":
        return lambda x: np.maximum(x, np.float32(0))
    if kind == "NoOpComponent":
        return lambda x: x
    if kind == "LogSoftmaxComponent":
        return log_softmax
    raise PackError("error.model_unreadable", detail=kind)


def _described(text: str, values: Mapping[str, FloatArray]) -> FloatArray:
    """The value of a descriptor such as ``Append(Offset(a, -1), Sum(Scale(0.66, b), c))``."""
    call = _CALL.fullmatch(text.strip())
    if call is None:
        return values[text.strip()]
    function, inside = call.groups()
    arguments = _arguments(inside)
    if function == "Append":
        return np.concatenate([_described(part, values) for part in arguments], axis=1)
    if function == "Sum":
        first, *others = (_described(part, values) for part in arguments)
        for other in others:
            first = first + other
        return first
    if function == "Scale":
        return np.float32(arguments[0]) * _described(arguments[1], values)
    if function == "Offset":
        # What wraps round lies in the padding, which is as wide as the network can see.
        return np.roll(_described(arguments[0], values), -int(arguments[1]), axis=0)
    raise PackError("error.model_unreadable", detail=function)


def _arguments(text: str) -> list[str]:
    """Arguments of a call, split at commas outside of brackets."""
    depth, start, found = 0, 0, []
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]
