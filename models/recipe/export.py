"""Stage ``export``: trunk and head as one nnet3 ``final.mdl``, and Vosk's two settings files."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import SUBSAMPLING, ScoreSettings
from models.recipe.head import CONTEXT, LAYERS, PhoneNet
from models.recipe.trunk import INPUT, Trunk
from surgery_assist.voice.nnet3 import (
    AcousticModel,
    Component,
    fixed_affine,
    log_softmax,
    monophone_transitions,
    rectified_linear,
    write_model,
)
from surgery_assist.voice.phones import (
    FILLER_INDEX,
    PDF_COUNT,
    PHONE_ID_COUNT,
    PHONE_INDEX,
    PHONES,
    SILENCE,
    base_phone,
)

MODEL_CONF: Final = """\
--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.5
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.8
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=1.5
"""
"""Vosk ends late: the program ends a whole sentence itself after 0.2 s, and Vosk's short rules
would cut other people's talk into pieces that look like commands."""


def export(net: PhoneNet, trunk: Trunk, features: str, settings: ScoreSettings, pack: Path) -> None:
    """Write ``am/final.mdl``, ``conf/mfcc.conf`` and ``conf/model.conf`` of a pack."""
    for folder in ("am", "conf"):
        (pack / folder).mkdir(parents=True, exist_ok=True)
    write_model(assemble(net, trunk, settings), pack / "am" / "final.mdl")
    (pack / "conf" / "mfcc.conf").write_text(features, "ascii")
    (pack / "conf" / "model.conf").write_text(MODEL_CONF, "ascii")


def assemble(net: PhoneNet, trunk: Trunk, settings: ScoreSettings) -> AcousticModel:
    """The whole network as fixed components."""
    wiring = [f"input-node name={INPUT} dim={trunk.input_dimension}"]
    components: dict[str, Component] = {}

    def add(name: str, source: str, component: Component) -> str:
        wiring.append(f"component-node name={name} component={name} input={source}")
        components[name] = component
        return name

    whole = Trunk([*trunk.layers, *net.head.upper.learned()], trunk.input_dimension)
    node = INPUT
    for name, source, component in whole.components():
        node = add(name, source, component)
    for index, (weights, bias) in enumerate(_folded(net)):
        if index < LAYERS:
            offsets = [k * SUBSAMPLING for k in CONTEXT]
            sides = [node if k == 0 else f"Offset({node}, {k})" for k in offsets]
            affine = fixed_affine(weights, bias, compress=True)
            node = add(f"head{index + 1}.affine", f"Append({', '.join(sides)})", affine)
            node = add(f"head{index + 1}.relu", node, rectified_linear(len(bias)))
        else:
            node = add("phones.affine", node, fixed_affine(weights, bias))
    node = add("phones.log", node, log_softmax(len(PHONES)))
    node = add("scores", node, fixed_affine(*score_layer(net.log_prior, settings)))
    wiring.append(f"output-node name=output input={node} objective=linear")
    reach = whole.context + LAYERS * SUBSAMPLING * max(CONTEXT)
    densities = [base_phone(phone) for phone in range(1, PHONE_ID_COUNT + 1)]
    return AcousticModel(monophone_transitions(densities), tuple(wiring), components, reach, reach)


def score_layer(
    log_prior: NDArray[np.float32], settings: ScoreSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and bias from phone log probabilities to the scores of all densities.

    Both densities of a phone share its score; the filler's is a constant. Phone priors are
    taken relative to their mean, so that the filler's constant keeps its meaning.
    """
    weights = np.zeros((PDF_COUNT, len(PHONES)))
    bias = np.zeros(PDF_COUNT)
    silence = PHONE_INDEX[SILENCE]
    spoken = np.array([i for i in range(len(PHONES)) if i != silence])
    prior = log_prior.astype(np.float64)
    share = np.exp(prior[spoken])
    mean = float((share * prior[spoken]).sum() / share.sum())
    for index in range(len(PHONES)):
        offset = -settings.prior_power * (prior[index] - mean)
        for density in (2 * index, 2 * index + 1):
            weights[density, index] = 1
            bias[density] = settings.silence if index == silence else offset
    bias[[2 * FILLER_INDEX, 2 * FILLER_INDEX + 1]] = settings.filler
    return weights, bias


def _folded(net: PhoneNet) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Weights and biases of our layers, with the batch norm before each inside."""
    state = {k: v.double().numpy() for k, v in net.head.state_dict().items() if v.ndim}
    norms = [("level", net.head.level.eps)]
    norms += [(f"norm.{i}", norm.eps) for i, norm in enumerate(net.head.norm)]
    layers = []
    for index, (norm, epsilon) in enumerate(norms):
        last = index == LAYERS
        prefix = "output" if last else f"linear.{index}"
        weights, bias = state[f"{prefix}.weight"], state[f"{prefix}.bias"]
        scale = 1 / np.sqrt(state[f"{norm}.running_var"] + epsilon)
        scale = scale * state.get(f"{norm}.weight", np.ones(len(scale)))
        shift = state.get(f"{norm}.bias", np.zeros(len(scale))) - (
            state[f"{norm}.running_mean"] * scale
        )
        sides = 1 if last else len(CONTEXT)
        layers.append((weights * np.tile(scale, sides), bias + weights @ np.tile(shift, sides)))
    return layers
