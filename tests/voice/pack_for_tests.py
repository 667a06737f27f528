"""A voice pack whose network knows nothing: enough for the real Vosk to load a graph and decode."""

from pathlib import Path

import numpy as np

from surgery_assist.voice.nnet3 import (
    AcousticModel,
    fixed_affine,
    log_softmax,
    monophone_transitions,
    write_model,
)
from surgery_assist.voice.phones import (
    FILLER_INDEX,
    PDF_COUNT,
    PHONE_ID_COUNT,
    PHONE_INDEX,
    PHONES,
    base_phone,
)

CEPSTRA = 40
MFCC_CONF = """\
--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=20
--high-freq=-400
--sample-frequency=16000
--dither=0
"""
MODEL_CONF = """\
--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.5
--frame-subsampling-factor=3
--endpoint.silence-phones=1
"""


def write_pack(
    root: Path,
    *,
    seed: int = 1,
    filler: float = -20.0,
    templates: np.ndarray | None = None,
) -> Path:
    """Write ``am`` and ``conf``.

    Parameters
    ----------
    seed
        Of the random weights, where there are no templates.
    filler
        Score of the filler, constant.
    templates
        (phones, 40): the mean cepstra of each phone; the network then scores how near a frame is.
    """
    (root / "am").mkdir(parents=True)
    (root / "conf").mkdir()
    (root / "conf" / "mfcc.conf").write_text(MFCC_CONF, "ascii")
    (root / "conf" / "model.conf").write_text(MODEL_CONF, "ascii")
    if templates is None:
        weights = np.random.default_rng(seed).normal(0, 0.05, (len(PHONES), CEPSTRA))
        bias = np.zeros(len(PHONES))
    else:
        weights, bias = templates, -0.5 * (templates**2).sum(axis=1)
    spread = np.zeros((PDF_COUNT, len(PHONES)))
    offset = np.zeros(PDF_COUNT)
    for index in PHONE_INDEX.values():
        spread[[2 * index, 2 * index + 1], index] = 1
    offset[[2 * FILLER_INDEX, 2 * FILLER_INDEX + 1]] = filler
    wiring = (
        f"input-node name=input dim={CEPSTRA}",
        "component-node name=affine component=affine input=input",
        "component-node name=log component=log input=affine",
        "component-node name=scores component=scores input=log",
        "output-node name=output input=scores objective=linear",
    )
    components = {
        "affine": fixed_affine(weights, bias),
        "log": log_softmax(len(PHONES)),
        "scores": fixed_affine(spread, offset),
    }
    densities = [base_phone(phone) for phone in range(1, PHONE_ID_COUNT + 1)]
    model = AcousticModel(monophone_transitions(densities), wiring, components)
    write_model(model, root / "am" / "final.mdl")
    return root
