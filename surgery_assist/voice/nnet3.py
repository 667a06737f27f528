"""Kaldi's binary acoustic model (``am/final.mdl``), read and written without Kaldi.

The file holds a TransitionModel (which probability density every HMM state uses), an nnet3
network (lines that wire named components, then the components with their weights) and the prior
of every density. Objects are ``<Name>`` tokens, each value with its size before it. Only what
is needed is typed; a component keeps its fields in their order, so that a model that was read
is written back byte by byte the same.

References
----------
Kaldi: ``hmm/transition-model.cc``, ``nnet3/nnet-nnet.cc``, ``matrix/compressed-matrix.cc``.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import PackError

FloatArray = NDArray[np.float32]
_BINARY: Final = b"\0B"
_MATRIX_TOKENS: Final[Mapping[str, np.dtype[Any]]] = {
    "FM": np.dtype("<f4"),
    "DM": np.dtype("<f8"),
}
_VECTOR_TOKENS: Final[Mapping[str, np.dtype[Any]]] = {
    "FV": np.dtype("<f4"),
    "DV": np.dtype("<f8"),
}
_TWO_BYTES: Final = "CM2"
_STEPS: Final = 65535


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number as the file holds it: the field's name decides whether it is whole or real."""

    raw: bytes

    @classmethod
    def of_int(cls, value: int) -> "Scalar":
        """Whole number of 32 bits."""
        return cls(struct.pack("<i", value))

    @classmethod
    def of_double(cls, value: float) -> "Scalar":
        """Real number of 64 bits."""
        return cls(struct.pack("<d", value))

    @classmethod
    def of_float(cls, value: float) -> "Scalar":
        """Real number of 32 bits."""
        return cls(struct.pack("<f", value))

    @property
    def real(self) -> float:
        """Read as a real number."""
        return float(struct.unpack("<f" if len(self.raw) == 4 else "<d", self.raw)[0])

    @property
    def whole(self) -> int:
        """Read as a whole number."""
        return int(struct.unpack("<i", self.raw)[0])


@dataclass(frozen=True, slots=True)
class Compressed:
    """A matrix kept at two bytes a weight (Kaldi's ``CM2``): half the size, 1/65535 of the range."""

    values: FloatArray


Value = Scalar | bool | NDArray[Any] | Compressed


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the network: its type, such as ``FixedAffineComponent``, and its fields.

    A field has one value, seldom two (``RankInOut``) or none (a flag).
    """

    kind: str
    fields: Mapping[str, tuple[Value, ...]]

    def array(self, name: str) -> NDArray[np.float64]:
        """Weights of a field, in double precision for folding them into others."""
        (value,) = self.fields[name]
        if isinstance(value, Compressed):
            value = value.values
        if not isinstance(value, np.ndarray):
            raise PackError("error.model_unreadable", detail=f"{name} holds no weights")
        return value.astype(np.float64)

    def number(self, name: str) -> float:
        """Real number of a field."""
        (value,) = self.fields[name]
        if not isinstance(value, Scalar):
            raise PackError("error.model_unreadable", detail=f"{name} is no number")
        return value.real


@dataclass(frozen=True, slots=True)
class HmmState:
    """A state: classes of its densities (-1 for none) and ``(target, probability)`` transitions."""

    forward_class: int
    loop_class: int
    transitions: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class TransitionModel:
    """Which density belongs to which HMM state of which phone.

    Parameters
    ----------
    phones
        Kaldi phone ids, from 1.
    entry_of_phone
        Index into ``topology`` by phone id; -1 at 0.
    topology
        HMMs; several phones may share one.
    tuples
        (states, 4), int32: phone, HMM state, density of the first frame, of the frames after;
        three columns (one density) in the older form.
    log_probabilities
        By transition id; 0 at index 0.
    """

    phones: NDArray[np.int32]
    entry_of_phone: NDArray[np.int32]
    topology: tuple[tuple[HmmState, ...], ...]
    tuples: NDArray[np.int32]
    log_probabilities: FloatArray

    @property
    def two_densities(self) -> bool:
        """True if a state's first frame has a density of its own."""
        return bool(self.tuples.shape[1] == 4)


@dataclass(frozen=True, slots=True)
class AcousticModel:
    """Everything of a ``final.mdl``."""

    transitions: TransitionModel
    wiring: tuple[str, ...]
    """Lines such as ``component-node name=a component=a input=input``."""
    components: Mapping[str, Component]
    left_context: int = 0
    right_context: int = 0
    priors: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))


def read_model(path: Path) -> AcousticModel:
    """Read a binary ``final.mdl``.

    Raises
    ------
    PackError
        The file is missing, truncated, or no binary nnet3 model.
    """
    try:
        reader = _Reader(path.read_bytes())
        return reader.model()
    except OSError as error:
        raise PackError("error.model_unreadable", detail=error.strerror or "unreadable") from error
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise PackError("error.model_unreadable", detail=str(error)) from error


def write_model(model: AcousticModel, path: Path) -> None:
    """Write a ``final.mdl`` that Vosk loads."""
    writer = _Writer()
    writer.model(model)
    # A new file: graphs in the cache may be hard links to the old one.
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(bytes(writer.data))
    partial.replace(path)


def monophone_transitions(density_of_phone: Sequence[int]) -> TransitionModel:
    """One-state HMMs: phone id ``i + 1`` uses densities ``2q`` (first frame) and ``2q + 1``.

    Parameters
    ----------
    density_of_phone
        ``q`` of every Kaldi phone id from 1; phones may share densities.
    """
    count = len(density_of_phone)
    base = np.asarray(density_of_phone, np.int32)
    emitting = HmmState(0, 1, ((0, 0.5), (1, 0.5)))
    ids = np.arange(1, count + 1, dtype=np.int32)
    return TransitionModel(
        phones=ids,
        entry_of_phone=np.concatenate(([-1], np.zeros(count))).astype(np.int32),
        topology=((emitting, HmmState(-1, -1, ())),),
        tuples=np.stack([ids, np.zeros_like(ids), 2 * base, 2 * base + 1], axis=1),
        log_probabilities=np.concatenate(([0.0], np.full(2 * count, np.log(0.5)))).astype("f4"),
    )


def fixed_affine(
    weights: NDArray[np.floating[Any]],
    bias: NDArray[np.floating[Any]],
    *,
    compress: bool = False,
) -> Component:
    """``y = weights x + bias``; weights (outputs, inputs)."""
    matrix = np.ascontiguousarray(weights, np.float32)
    return Component(
        "FixedAffineComponent",
        {
            "LinearParams": (Compressed(matrix) if compress else matrix,),
            "BiasParams": (np.asarray(bias, np.float32),),
        },
    )


def fixed_scale(scales: NDArray[np.floating[Any]]) -> Component:
    """Multiplies every dimension."""
    return Component("FixedScaleComponent", {"Scales": (np.asarray(scales, np.float32),)})


def fixed_bias(bias: NDArray[np.floating[Any]]) -> Component:
    """Adds to every dimension."""
    return Component("FixedBiasComponent", {"Bias": (np.asarray(bias, np.float32),)})


def no_operation(dimension: int) -> Component:
    """Gives a name to a sum of other nodes."""
    fields = {"Dim": (Scalar.of_int(dimension),), "BackpropScale": (Scalar.of_float(1.0),)}
    return Component("NoOpComponent", fields)


def rectified_linear(dimension: int) -> Component:
    """``max(0, x)``."""
    return _nonlinear("RectifiedLinearComponent", dimension)


def log_softmax(dimension: int) -> Component:
    """Logarithms of probabilities."""
    return _nonlinear("LogSoftmaxComponent", dimension)


def _nonlinear(kind: str, dimension: int) -> Component:
    empty, zero = (np.zeros(0, np.float32),), (Scalar.of_double(0.0),)
    return Component(
        kind,
        {
            "Dim": (Scalar.of_int(dimension),), "ValueAvg": empty, "DerivAvg": empty,
            "Count": zero, "OderivRms": empty, "OderivCount": zero,
            "NumDimsSelfRepaired": zero, "NumDimsProcessed": zero,
        },
    )  # fmt: skip


class _Reader:
    """A place in the bytes of a model."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def model(self) -> AcousticModel:
        if not self.data.startswith(_BINARY):
            raise ValueError("not a binary Kaldi file")
        self.place = len(_BINARY)
        transitions = self.transition_model()
        self.expect("<Nnet3>")
        end = self.data.index(b"<NumComponents>", self.place)
        lines = self.data[self.place : end].decode().splitlines()
        self.place = end
        self.expect("<NumComponents>")
        components = dict(self.component() for _ in range(self.integer()))
        self.expect("</Nnet3>", "<LeftContext>")
        left = self.integer()
        self.expect("<RightContext>")
        right = self.integer()
        self.expect("<Priors>")
        wiring = tuple(line for line in lines if line.strip())
        return AcousticModel(transitions, wiring, components, left, right, self.array())

    def transition_model(self) -> TransitionModel:
        self.expect("<TransitionModel>", "<Topology>")
        phones, entry_of_phone = self.integers(), self.integers()
        count = self.integer()
        two_classes = count == -1
        if two_classes:
            count = self.integer()
        topology = tuple(self.hmm(two_classes=two_classes) for _ in range(count))
        self.expect("</Topology>")
        columns = {"<Tuples>": 4, "<Triples>": 3}[opened := self.token()]
        rows = [[self.integer() for _ in range(columns)] for _ in range(self.integer())]
        self.expect(opened.replace("<", "</"), "<LogProbs>")
        log_probabilities = self.array()
        self.expect("</LogProbs>", "</TransitionModel>")
        tuples = np.array(rows, np.int32)
        return TransitionModel(phones, entry_of_phone, topology, tuples, log_probabilities)

    def hmm(self, *, two_classes: bool) -> tuple[HmmState, ...]:
        states = []
        for _ in range(self.integer()):
            forward = self.integer()
            loop = self.integer() if two_classes else forward
            pairs = tuple((self.integer(), self.real()) for _ in range(self.integer()))
            states.append(HmmState(forward, loop, pairs))
        return tuple(states)

    def component(self) -> tuple[str, Component]:
        self.expect("<ComponentName>")
        name, opened = self.token(), self.token()
        fields: dict[str, tuple[Value, ...]] = {}
        while (token := self.token()) != opened.replace("<", "</"):
            key = token.strip("<>")
            values: list[Value] = []
            while self.data[self.place : self.place + 1] != b"<":
                values.append(self.value(key))
            fields[key] = tuple(values)
        return name, Component(opened.strip("<>"), fields)

    def value(self, key: str) -> Value:
        if key == "TimeOffsets":
            return self.integers()
        first = self.data[self.place]
        if first in (4, 8):
            return Scalar(self.take(1 + first)[1:])
        if first in b"TF" and self.data[self.place + 1 : self.place + 2] not in (b"M", b"V"):
            return self.take(1) == b"T"
        array: Value = self.array()
        return array

    def array(self) -> Any:
        token = self.token()
        if token in _VECTOR_TOKENS:
            dtype = _VECTOR_TOKENS[token]
            return np.frombuffer(self.take(self.integer() * dtype.itemsize), dtype)
        if token in _MATRIX_TOKENS:
            dtype = _MATRIX_TOKENS[token]
            rows, columns = self.integer(), self.integer()
            data = self.take(rows * columns * dtype.itemsize)
            return np.frombuffer(data, dtype).reshape(rows, columns)
        if token == _TWO_BYTES:
            low, span, rows, columns = struct.unpack("<ffii", self.take(16))
            steps = np.frombuffer(self.take(2 * rows * columns), "<u2").reshape(rows, columns)
            return Compressed((low + span / _STEPS * steps).astype(np.float32))
        raise ValueError(f"unknown kind of array {token!r}")

    def token(self) -> str:
        end = self.data.index(b" ", self.place)
        return self.take(end + 1 - self.place)[:-1].decode()

    def expect(self, *tokens: str) -> None:
        for wanted in tokens:
            if (found := self.token()) != wanted:
                raise ValueError(f"{wanted} expected, not {found[:40]!r}")

    def take(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.data):
            raise ValueError("the file ends too early")
        self.place += count
        return self.data[self.place - count : self.place]

    def integer(self) -> int:
        size, value = struct.unpack("<bi", self.take(5))
        if size != 4:
            raise ValueError("a whole number of 32 bits expected")
        return int(value)

    def real(self) -> float:
        size = self.take(1)[0]
        return float(struct.unpack({4: "<f", 8: "<d"}[size], self.take(size))[0])

    def integers(self) -> NDArray[np.int32]:
        return np.frombuffer(self.take(4 * self.integer()), "<i4")


class _Writer:
    """The other direction."""

    def __init__(self) -> None:
        self.data = bytearray()

    def model(self, model: AcousticModel) -> None:
        self.data += _BINARY
        self.transition_model(model.transitions)
        self.tokens("<Nnet3>")
        self.data += ("\n" + "\n".join(model.wiring) + "\n\n").encode()
        self.tokens("<NumComponents>")
        self.integer(len(model.components))
        for name, component in model.components.items():
            self.tokens("<ComponentName>", name, f"<{component.kind}>")
            for key, values in component.fields.items():
                self.tokens(f"<{key}>")
                for value in values:
                    self.value(value)
            self.tokens(f"</{component.kind}>")
        self.tokens("</Nnet3>", "<LeftContext>")
        self.integer(model.left_context)
        self.tokens("<RightContext>")
        self.integer(model.right_context)
        self.tokens("<Priors>")
        self.array(model.priors)

    def transition_model(self, model: TransitionModel) -> None:
        self.tokens("<TransitionModel>", "<Topology>")
        self.integers(model.phones)
        self.integers(model.entry_of_phone)
        if model.two_densities:
            self.integer(-1)
        self.integer(len(model.topology))
        for states in model.topology:
            self.integer(len(states))
            for state in states:
                self.integer(state.forward_class)
                if model.two_densities:
                    self.integer(state.loop_class)
                self.integer(len(state.transitions))
                for target, probability in state.transitions:
                    self.integer(target)
                    self.data += b"\x04" + struct.pack("<f", probability)
        self.tokens("</Topology>")
        name = "Tuples" if model.two_densities else "Triples"
        self.tokens(f"<{name}>")
        self.integer(len(model.tuples))
        for number in model.tuples.ravel().tolist():
            self.integer(number)
        self.tokens(f"</{name}>", "<LogProbs>")
        self.array(model.log_probabilities)
        self.tokens("</LogProbs>", "</TransitionModel>")

    def value(self, value: Value) -> None:
        if isinstance(value, Scalar):
            self.data += bytes((len(value.raw),)) + value.raw
        elif isinstance(value, bool):
            self.data += b"T" if value else b"F"
        elif isinstance(value, Compressed):
            self.compressed(value.values)
        elif value.dtype.kind == "i":
            self.integers(value)
        else:
            self.array(value)

    def array(self, array: NDArray[Any]) -> None:
        kind = "D" if array.dtype.itemsize == 8 else "F"
        self.tokens(kind + ("V" if array.ndim == 1 else "M"))
        for size in array.shape:
            self.integer(size)
        self.data += np.ascontiguousarray(array).tobytes()

    def compressed(self, matrix: FloatArray) -> None:
        low = np.float32(matrix.min())
        span = np.float32(max(float(matrix.max() - low), 1e-10))
        steps = np.rint((matrix.astype(np.float64) - low) * (_STEPS / float(span)))
        self.tokens(_TWO_BYTES)
        self.data += struct.pack("<ffii", low, span, *matrix.shape)
        self.data += np.clip(steps, 0, _STEPS).astype("<u2").tobytes()

    def tokens(self, *names: str) -> None:
        for name in names:
            self.data += name.encode() + b" "

    def integer(self, value: int) -> None:
        self.data += b"\x04" + struct.pack("<i", value)

    def integers(self, values: Iterable[int]) -> None:
        array = np.asarray(values, "<i4")
        self.integer(len(array))
        self.data += array.tobytes()
