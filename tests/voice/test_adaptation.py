"""Adapting to a speaker: features, network and alignment against Vosk; gains and refusals."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.errors import PackError, UsageError
from surgery_assist.settings import Settings, VoiceSettings, models_dir, resources_dir
from surgery_assist.voice import speakers
from surgery_assist.voice.adaptation import (
    Adapter,
    Aligner,
    Chain,
    Layer,
    Quality,
    Trial,
    chains,
    fit,
)
from surgery_assist.voice.audio import FileSource
from surgery_assist.voice.lexicon import Lexicon, load_lexicon
from surgery_assist.voice.mfcc import Mfcc
from surgery_assist.voice.network import Network
from surgery_assist.voice.nnet3 import read_model
from surgery_assist.voice.packs import read_pack, verify
from surgery_assist.voice.phones import PHONE_INDEX, PHONES
from surgery_assist.voice.phrases import load_phrases
from surgery_assist.voice.reading import keep, listen, prompts, read_file, recorded
from surgery_assist.voice.speech import Speech
from tests.helpers.ears import phrase_books, said
from tests.helpers.speech import have_espeak, tone, write_wav

BUNDLED = models_dir() / "ro-en-command"
needs_espeak = pytest.mark.skipif(not have_espeak(), reason="espeak-ng is not installed")
KALDI_TONE = [54.3590, 57.2575, 52.8052, -26.6089, -72.8024, -94.2854]
WORDS = ["zoom", "stânga", "dreapta", "mărește", "pauză", "confirm", "renunță", "ajutor"]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon(resources_dir() / "lexicon", read_pack(BUNDLED).lexicons)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(read_model(BUNDLED / "am" / "final.mdl"))


@pytest.fixture(scope="module")
def adapter(network: Network, lexicon: Lexicon) -> Adapter:
    return Adapter(network, lexicon, Mfcc.read(BUNDLED / "conf" / "mfcc.conf"))


def test_cepstra_are_kaldis() -> None:
    """Of a tone; the figures are kaldi-native-fbank's (1.23) with the same options."""
    mfcc = Mfcc(bands=40, coefficients=40, low_hertz=20.0, high_hertz=7600.0)
    found = mfcc(tone(0.1, hertz=440.0, rate=16000))
    assert found.shape == (8, 40)
    assert mfcc(np.zeros(399, np.int16)).shape == (0, 40)
    assert np.allclose(found[0, :6], KALDI_TONE, atol=2e-3)


@needs_espeak
def test_the_network_hears_what_is_said(network: Network, lexicon: Lexicon) -> None:
    """Alignment of the right sentence beats all others: features and forward pass fit together."""
    mfcc = Mfcc.read(BUNDLED / "conf" / "mfcc.conf")
    right = 0
    for word in WORDS:
        hidden = network.hidden(mfcc(said((0.4, word), length=1.6)))
        scores = network.scores(hidden, *network.weights)[:, : 2 * len(PHONES) : 2]
        totals = [Aligner(chains(other, "ro", lexicon)).totals(scores).max() for other in WORDS]
        right += WORDS[int(np.argmax(totals))] == word
    assert right >= len(WORDS) - 2


def test_the_last_layer_is_all_that_changes(network: Network) -> None:
    weights, bias = network.weights
    changed = network.with_weights(weights + 1, bias)
    different = [
        name
        for name, component in changed.components.items()
        if component is not network.model.components[name]
    ]
    assert different == ["phones.affine"]


def test_the_best_path_goes_through_the_phones_in_order() -> None:
    phones = [PHONE_INDEX[p] for p in ("sil", "a", "t", "sil")]
    scores = np.full((8, len(PHONES)), -5.0, np.float32)
    for step, phone in enumerate([0, 0, phones[1], phones[1], phones[1], phones[2], 0, 0]):
        scores[step, phone] = 0.0
    chain = Chain(tuple(phones), (True, False, False, True))
    labels = Aligner([chain]).labels(scores)
    assert labels.tolist() == [0, 0, phones[1], phones[1], phones[1], phones[2], 0, 0]
    assert Aligner([chain]).totals(scores)[0] == 0.0


def test_silence_may_be_skipped() -> None:
    a, t = PHONE_INDEX["a"], PHONE_INDEX["t"]
    scores = np.full((2, len(PHONES)), -5.0, np.float32)
    scores[0, a] = scores[1, t] = 0.0
    chain = Chain((0, a, 0, t, 0), (True, False, True, False, True))
    assert Aligner([chain]).labels(scores).tolist() == [a, t]


def test_learning_moves_towards_the_labels_and_not_too_far() -> None:
    chance = np.random.default_rng(1)
    inputs = chance.normal(0, 1, (300, 20)).astype(np.float32)
    inputs[:, 0] *= 4
    labels = (inputs[:, 0] > 0).astype(np.int64)
    old = Layer(np.zeros((2, 20), np.float32), np.zeros(2, np.float32))
    new = fit(inputs, labels, old)
    found = np.argmax(inputs @ new.weights.T + new.bias, axis=1)
    assert np.mean(found == labels) > 0.85
    assert np.abs(new.weights).max() < 0.5


@needs_espeak
def test_a_voice_is_learnt_and_kept(
    adapter: Adapter, network: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path))
    readings = [adapter.reading(word, "ro", said((0.4, word), length=1.6)) for word in WORDS * 2]
    usable = [reading for reading in readings if reading is not None]
    assert len(usable) >= 12
    trial = adapter.try_out(usable)
    assert trial.helps
    base = read_pack(BUNDLED)
    pack = speakers.save_speaker("Dr. Ăna Pop", base, network, adapter.adapt(usable), trial)
    assert pack.root == tmp_path / "speakers" / "dr-ana-pop"
    assert pack.is_ours
    assert verify(pack) > 5
    assert [p.name for p in speakers.speakers()] == ["dr-ana-pop"]
    assert speakers.speaker_pack("Dr. Ăna Pop", base).root == pack.root
    again = read_model(pack.root / "am" / "final.mdl")
    assert again.wiring == network.model.wiring
    speakers.remove_speaker("Dr. Ăna Pop")
    assert speakers.speakers() == []
    with pytest.raises(PackError, match="speaker_unknown"):
        speakers.speaker_pack("Dr. Ăna Pop", base)


def speech_for(speaker: str, folder: Path) -> Speech:
    """A program of one phrase, so that its graphs are made at once."""
    phrases = folder / "en.yaml"
    phrases.write_text('invert: ["invert colors"]\nstop: ["stop"]\n', "utf-8")
    settings = Settings(voice=VoiceSettings(speaker=speaker, second_opinion="off"))
    return Speech(settings, build_registry(), {"en": load_phrases(phrases)})


def stored(network: Network) -> Path:
    trial = Trial(Quality(1, 2, 0.1), Quality(2, 2, 0.2))
    layer = Layer(*network.weights)
    return speakers.save_speaker("ana", read_pack(BUNDLED), network, layer, trial).root


def test_a_pack_of_another_network_or_a_tampered_one_is_refused(
    network: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path))
    root = stored(network)
    base = read_pack(BUNDLED)
    manifest = json.loads((root / "pack.json").read_text("utf-8"))
    assert manifest["adapted"]["after"]["right"] == 2
    (root / "pack.json").write_text(json.dumps({**manifest, "base": "0" * 64}), "utf-8")
    with pytest.raises(PackError, match="speaker_outdated"):
        speakers.speaker_pack("ana", base)
    (root / "conf" / "model.conf").write_text("--beam=1\n")
    with pytest.raises(PackError, match="file_changed"):
        speakers.speaker_pack("ana", base)
    with pytest.raises(PackError, match="pack_name"):
        speakers.speaker_pack("../..", base)


def test_a_speaker_who_never_read_is_said_and_the_base_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path))
    ears = speech_for("nobody", tmp_path).ears()
    assert [warning.key for warning in ears.warnings] == ["error.speaker_unknown"]


def test_a_speakers_pack_is_what_listens(
    network: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path))
    root = stored(network)
    ears = speech_for("ana", tmp_path).ears()
    assert ears.warnings == ()
    mine = (root / "am" / "final.mdl").read_bytes()
    for ear in ears.table.values():
        assert (ear.model / "am" / "final.mdl").read_bytes() == mine


def test_what_does_not_help_is_known() -> None:
    better, worse = Quality(9, 10, 0.5), Quality(8, 10, 0.9)
    assert Trial(worse, better).helps
    assert not Trial(better, worse).helps
    assert not Trial(better, better).helps
    assert Trial(better, replace(better, lead=0.6)).helps


@pytest.mark.parametrize("language", ["ro", "en"])
def test_prompts_are_sentences_of_every_command(language: str) -> None:
    book = phrase_books()[language]
    source = prompts(book)
    drawn = [next(source) for _ in range(len(book.ids))]
    assert len(set(drawn)) == len(drawn)
    assert drawn == [next(again) for again in [prompts(book)] for _ in drawn]
    parser = book.parser()
    commands = {getattr(parser.parse(sentence), "command_id", "") for sentence in drawn}
    assert "" not in commands
    assert len(commands) > 0.9 * len(book.ids)


@needs_espeak
def test_sentences_are_heard_one_by_one(tmp_path: Path) -> None:
    sound = said((0.6, "mărește"), (3.0, "stânga"), length=6.0)
    path = write_wav(tmp_path / "a.wav", sound, rate=16000)
    with FileSource(path) as source:
        items = source.blocks()
        first, second, third = listen(items), listen(items), listen(items)
    assert 0.8 < len(first) / 16000 < 2.5
    assert 0.7 < len(second) / 16000 < 2.5
    assert len(third) == 0


def test_recordings_are_kept_and_found(tmp_path: Path) -> None:
    sound = tone(0.5, rate=16000)
    keep(tmp_path / "ana", [("mărește", sound), ("stânga", sound)])
    found = recorded(tmp_path / "ana")
    assert [text for _, text in found] == ["mărește", "stânga"]
    assert len(read_file(found[0][0])) == pytest.approx(0.8 * 16000, abs=2)


@pytest.mark.parametrize("table", [None, "a,b\n1,2\n", "path,text\n1.wav,\n"])
def test_a_folder_without_sentences_is_refused(tmp_path: Path, table: str | None) -> None:
    if table is not None:
        (tmp_path / "sentences.csv").write_text(table, "utf-8")
    with pytest.raises(UsageError):
        recorded(tmp_path)
