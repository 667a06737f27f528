"""Kaldi models are read and written byte by byte; damaged ones are refused by name."""

import numpy as np
import pytest

from surgery_assist.errors import PackError
from surgery_assist.settings import models_dir
from surgery_assist.voice import nnet3
from surgery_assist.voice.phones import PDF_COUNT, PHONE_ID_COUNT, base_phone, transition_ids

BUNDLED = models_dir() / "ro-en-command" / "am" / "final.mdl"


def small_model(*, compress=False):
    chance = np.random.default_rng(1)
    weights = chance.normal(size=(6, 40)).astype(np.float32)
    components = {
        "a": nnet3.fixed_affine(weights, np.zeros(6), compress=compress),
        "r": nnet3.rectified_linear(6),
        "s": nnet3.fixed_scale(np.ones(6)),
        "b": nnet3.fixed_bias(np.zeros(6)),
        "n": nnet3.no_operation(6),
        "l": nnet3.log_softmax(6),
    }
    wiring = ("input-node name=input dim=40", "component-node name=a component=a input=input")
    return nnet3.AcousticModel(nnet3.monophone_transitions([0, 1, 1, 2]), wiring, components, 3, 4)


def test_what_is_written_is_read_again(tmp_path):
    model = small_model()
    nnet3.write_model(model, tmp_path / "final.mdl")
    again = nnet3.read_model(tmp_path / "final.mdl")
    assert model.wiring == again.wiring
    assert (again.left_context, again.right_context) == (3, 4)
    assert list(model.components) == list(again.components)
    np.testing.assert_array_equal(
        model.components["a"].array("LinearParams"), again.components["a"].array("LinearParams")
    )
    assert (again.transitions.tuples.tolist()) == [
        [1, 0, 0, 1],
        [2, 0, 2, 3],
        [3, 0, 2, 3],
        [4, 0, 4, 5],
    ]


def test_compressed_weights_lose_less_than_a_step(tmp_path):
    model = small_model(compress=True)
    nnet3.write_model(model, tmp_path / "final.mdl")
    again = nnet3.read_model(tmp_path / "final.mdl").components["a"].array("LinearParams")
    weights = model.components["a"].array("LinearParams")
    step = (weights.max() - weights.min()) / 65535
    assert np.abs(weights - again).max() <= step
    plain = small_model()
    nnet3.write_model(plain, tmp_path / "plain.mdl")
    saved = (tmp_path / "plain.mdl").stat().st_size - (tmp_path / "final.mdl").stat().st_size
    assert saved > 6 * 40


def test_the_bundled_model_survives_a_round_trip(tmp_path):
    model = nnet3.read_model(BUNDLED)
    nnet3.write_model(model, tmp_path / "final.mdl")
    again = nnet3.read_model(tmp_path / "final.mdl")
    for name, component in model.components.items():
        for key, values in component.fields.items():
            for one, other in zip(values, again.components[name].fields[key], strict=True):
                if isinstance(one, nnet3.Compressed):
                    span = float(one.values.max() - one.values.min())
                    np.testing.assert_allclose(other.values, one.values, atol=span / 60000)
                elif isinstance(one, np.ndarray):
                    np.testing.assert_array_equal(other, one)
                else:
                    assert one == other


def test_the_bundled_model_has_the_densities_of_our_phones():
    model = nnet3.read_model(BUNDLED)
    tuples = model.transitions.tuples
    assert len(tuples) == PHONE_ID_COUNT
    assert tuples[:, 2:].max() == PDF_COUNT - 1
    for phone, state, first, after in tuples.tolist():
        assert (state, first, after) == (0, 2 * base_phone(phone), 2 * base_phone(phone) + 1)
        assert transition_ids(phone) == (2 * phone - 1, 2 * phone)


@pytest.mark.parametrize("keep", [0, 1, 2, 40, 400, 0.5, 0.999])
def test_a_truncated_model_is_refused(tmp_path, keep):
    data = BUNDLED.read_bytes()
    path = tmp_path / "final.mdl"
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(PackError):
        nnet3.read_model(path)


def test_what_is_no_model_is_refused(tmp_path):
    path = tmp_path / "final.mdl"
    path.write_bytes(b"\0B<Gibberish> " + bytes(range(256)) * 8)
    with pytest.raises(PackError):
        nnet3.read_model(path)
    with pytest.raises(PackError):
        nnet3.read_model(tmp_path / "missing.mdl")


def test_a_size_that_lies_allocates_nothing(tmp_path):
    model = small_model()
    path = tmp_path / "final.mdl"
    nnet3.write_model(model, path)
    data = path.read_bytes()
    place = data.index(b"FM ") + 3
    lie = data[:place] + b"\x04\xff\xff\xff\x7f" + data[place + 5 :]
    path.write_bytes(lie)
    with pytest.raises(PackError, match="too early"):
        nnet3.read_model(path)


def test_writing_does_not_touch_a_linked_copy(tmp_path):
    nnet3.write_model(small_model(), tmp_path / "final.mdl")
    link = tmp_path / "link.mdl"
    link.hardlink_to(tmp_path / "final.mdl")
    before = link.read_bytes()
    nnet3.write_model(small_model(compress=True), tmp_path / "final.mdl")
    assert link.read_bytes() == before
