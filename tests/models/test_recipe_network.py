"""What learns, on small made-up data: needs torch, which only the recipe's own environment has."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch belongs to the recipe's own environment")

from models.recipe.errors import RecipeError  # noqa: E402
from models.recipe.head import PhoneNet, train_head  # noqa: E402
from models.recipe.sequence import PhoneLoop, allowed_phones  # noqa: E402
from models.recipe.trunk import Layer, Term, Trunk  # noqa: E402
from models.recipe.upper import Upper  # noqa: E402
from surgery_assist.voice.phones import PHONES  # noqa: E402

CHANCE = np.random.default_rng(3)


def layers(offset=3):
    """A trunk of one layer, and a TDNN-F-like layer above it with a skip."""
    tap = Layer("tap", ((Term(1.0, "input", 0),),), weights=CHANCE.normal(size=(4, 5)), dimension=4)
    narrow = Layer(
        "narrow", ((Term(1.0, "tap", -offset),), (Term(1.0, "tap", 0),)),
        weights=CHANCE.normal(size=(3, 8)), dimension=3,
    )  # fmt: skip
    wide = Layer(
        "wide", ((Term(1.0, "narrow", 0),), (Term(1.0, "narrow", offset),)),
        weights=CHANCE.normal(size=(4, 6)), bias=CHANCE.normal(size=4), dimension=4,
    )  # fmt: skip
    relu = Layer("relu", ((Term(1.0, "wide", 0),),), rectify=True, dimension=4)
    norm = Layer(
        "norm", ((Term(1.0, "relu", 0),),), scale=CHANCE.normal(size=4), shift=np.ones(4), dimension=4
    )  # fmt: skip
    skip = Layer("skip", ((Term(0.66, "tap", 0), Term(1.0, "norm", 0)),), dimension=4)
    return tap, (narrow, wide, relu, norm, skip)


def test_the_layers_that_learn_begin_as_the_donor_has_them():
    tap, upper = layers()
    features = CHANCE.normal(size=(60, 5)).astype(np.float32)
    whole = Trunk([tap, *upper], 5)(features)
    learning = Upper(upper)
    with torch.no_grad():
        above = learning(torch.from_numpy(Trunk([tap], 5)(features))[None])[0].numpy()
    np.testing.assert_allclose(above[2:-2], whole[2:-2], rtol=1e-4, atol=1e-5)
    written = Trunk([tap, *learning.learned()], 5)(features)
    np.testing.assert_allclose(written, whole, rtol=1e-4, atol=1e-5)


def test_a_tap_below_the_grid_of_steps_is_refused():
    _, upper = layers(offset=1)
    with pytest.raises(RecipeError, match="tap is too low"):
        Upper(upper)


def test_a_right_path_costs_nothing_and_a_wrong_one_much():
    labels = np.repeat(np.arange(1, 9), 5)
    loop = PhoneLoop.of_labels([labels], np.zeros(len(PHONES)))
    sure = np.full((1, 40, len(PHONES)), -6.0, np.float32)
    sure[0, np.arange(40), labels] = 0
    answers = torch.log_softmax(torch.from_numpy(sure), 2)
    right = loop.loss(answers, torch.from_numpy(labels)[None])
    wrong = loop.loss(answers, torch.from_numpy(labels[::-1].copy())[None])
    assert 0 <= float(right) < 0.01
    assert float(wrong) > 1


def test_a_phone_may_come_a_little_early_or_late():
    allowed = allowed_phones(torch.tensor([[1] * 5 + [2] * 5 + [-100]]))[0]
    assert allowed[2, 2] == 0
    assert allowed[3, 2] == 1
    assert allowed[6, 1] == 1
    assert allowed[7, 1] == 0
    assert allowed[10].sum() == len(PHONES)


@pytest.mark.parametrize("sequences", [False, True])
def test_a_head_learns_and_is_the_same_after_saving(sequences, tmp_path):
    _, upper = layers()
    labels = [np.repeat(CHANCE.integers(0, 4, 12), 5) for _ in range(60)]
    patterns = CHANCE.normal(size=(4, 4)).astype(np.float16)
    features = [patterns[y] for y in labels]
    net = train_head(
        features, labels, upper, width=24, epochs=30, seed=1, rate=1e-2, sequences=sequences
    )
    right = np.mean(net.scores(features[0]).argmax(1) == labels[0])
    assert right > 0.9
    torch.save(net.state(), tmp_path / "net.pt")
    again = PhoneNet.of_state(torch.load(tmp_path / "net.pt", weights_only=False), upper)
    np.testing.assert_array_equal(again.scores(features[0]), net.scores(features[0]))
