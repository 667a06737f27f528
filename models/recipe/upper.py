"""The donor's layers above the tap, as torch sees them: they start as they are and learn on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch  # noqa: TID253  (with head.py the only module that needs it)

from models.recipe.config import SUBSAMPLING
from models.recipe.errors import RecipeError
from models.recipe.trunk import Layer, Part


class Upper(torch.nn.Module):
    """Layers of which every input lies on the grid of 30 ms steps.

    Parameters
    ----------
    layers
        In order of computation; what none of them computes is the tap.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        for term in (term for layer in layers for part in layer.parts for term in part):
            if term.offset % SUBSAMPLING:
                raise RecipeError("the tap is too low: a layer above it needs frames of 10 ms")
        self.values = torch.nn.ParameterDict(
            {
                _key(layer, field): torch.nn.Parameter(torch.from_numpy(np.float32(value)))
                for layer in layers
                for field in ("weights", "bias", "scale", "shift")
                if (value := getattr(layer, field)) is not None
            }
        )

    def forward(self, tap: torch.Tensor) -> torch.Tensor:
        """(batch, steps, dimension) of the last layer; the ends repeat themselves."""
        known: dict[str, torch.Tensor] = {}
        x = tap
        for layer in self.layers:
            x = torch.cat([_sum(part, known, tap) for part in layer.parts], 2)
            if layer.weights is not None:
                bias = self.values[_key(layer, "bias")] if layer.bias is not None else None
                x = torch.nn.functional.linear(x, self.values[_key(layer, "weights")], bias)
            if layer.rectify:
                x = torch.relu(x)
            if layer.scale is not None:
                x = x * self.values[_key(layer, "scale")] + self.values[_key(layer, "shift")]
            known[layer.name] = x
        return x

    def learned(self) -> tuple[Layer, ...]:
        """The layers with what they have learned."""
        return tuple(
            replace(
                layer,
                **{
                    field: self.values[_key(layer, field)].detach().double().numpy()
                    for field in ("weights", "bias", "scale", "shift")
                    if getattr(layer, field) is not None
                },
            )
            for layer in self.layers
        )


def _key(layer: Layer, field: str) -> str:
    return f"{layer.name}/{field}".replace(".", "-")


def _sum(part: Part, known: dict[str, torch.Tensor], tap: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor | None = None
    for term in part:
        value = shifted(known.get(term.source, tap), term.offset // SUBSAMPLING)
        value = value if term.scale == 1 else value * term.scale
        total = value if total is None else total + value
    if total is None:
        raise RecipeError("a layer of the donor has no input")
    return total


def shifted(x: torch.Tensor, steps: int) -> torch.Tensor:
    """(batch, steps, dimension) looked at ``steps`` later; the ends repeat themselves."""
    if steps == 0:
        return x
    if steps > 0:
        return torch.cat([x[:, steps:], x[:, -1:].expand(-1, steps, -1)], 1)
    return torch.cat([x[:, :1].expand(-1, -steps, -1), x[:, :steps]], 1)
