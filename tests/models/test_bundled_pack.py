"""The bundled pack in stock Vosk, outside of our program, and in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surgery_assist.settings import models_dir, resources_dir
from surgery_assist.voice.lexicon import load_lexicon
from surgery_assist.voice.packs import choose_pack
from surgery_assist.voice.phones import PHONE_INDEX

BUNDLED = models_dir() / "ro-en-command"
DEMO = resources_dir() / "demo"
LARGEST_BYTES = 8 * 2**20

# Only vosk and soundfile: what a program that knows nothing of ours would do.
STOCK_VOSK = """
import json, sys, soundfile, vosk
vosk.SetLogLevel(-1)
model = vosk.Model(sys.argv[1])
for path in sys.argv[2:]:
    samples, rate = soundfile.read(path, dtype="int16")
    recognizer = vosk.KaldiRecognizer(model, rate)
    recognizer.SetWords(True)
    texts = []
    for start in range(0, len(samples), 1600):
        if recognizer.AcceptWaveform(samples[start:start + 1600].tobytes()):
            texts.append(json.loads(recognizer.Result()))
    texts.append(json.loads(recognizer.FinalResult()))
    print(json.dumps([text for text in texts if text["text"]]))
"""


@pytest.fixture(scope="module")
def heard_demo():
    """What stock Vosk makes of every demo clip."""
    paths = sorted(DEMO.glob("*.ogg"))
    return dict(zip([path.stem for path in paths], stock_vosk(*paths), strict=True))


def stock_vosk(*paths: Path) -> list[list[dict[str, object]]]:
    command = [sys.executable, "-c", STOCK_VOSK, str(BUNDLED), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_stock_vosk_hears_the_demo(heard_demo):
    texts = {name: [result["text"] for result in heard] for name, heard in heard_demo.items()}
    assert texts["ro_split"] == ["împarte în patru"]
    assert texts["en_next"] == ["next image"]


def test_word_times_lie_within_the_clip(heard_demo):
    (result,) = heard_demo["ro_goto"]
    words = result["result"]
    assert [w["word"] for w in words] == ["mergi", "la", "imaginea", "patruzeci", "și", "doi"]
    ends = [0.2] + [word["end"] for word in words]
    assert ends == sorted(ends)
    assert all(0.05 < word["end"] - word["start"] < 1.0 for word in words)


def test_silence_is_no_word(tmp_path):
    import numpy as np
    import soundfile

    chance = np.random.default_rng(1)
    for level in (0, 1, 300):
        noise = chance.integers(-level, level + 1, 2 * 16000).astype(np.int16)
        soundfile.write(tmp_path / f"{level}.wav", noise, 16000)
    heard = stock_vosk(*sorted(tmp_path.iterdir()))
    assert [[r for r in results if r["text"] != "[unk]"] for results in heard] == [[], [], []]


def test_files_are_small_enough_for_the_repository():
    sizes = {path.name: path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_BYTES} == {}


def test_the_manifest_tells_what_it_stands_on():
    manifest = json.loads((BUNDLED / "pack.json").read_text("utf-8"))
    assert manifest["licence"] == "Apache-2.0"
    assert manifest["hours"] > 0
    assert all(source["licence"] for source in manifest["sources"])
    accuracy = manifest["accuracy"]
    assert {"synthetic", "people", "decided"} <= set(accuracy)
    for entry in accuracy["synthetic"] + accuracy["people"]:
        assert 0 <= entry["right"] <= entry["clips"]
    for entry in accuracy["decided"]:
        assert entry["voices"] in ("synthetic", "people")
        assert entry["right"] + entry["wrong"] + entry["rejected"] == entry["clips"]


def test_card_and_manifest_say_the_same():
    card = (BUNDLED / "MODEL_CARD.md").read_text("utf-8")
    for entry in json.loads((BUNDLED / "pack.json").read_text("utf-8"))["accuracy"]["synthetic"]:
        assert f"{entry['right']} of {entry['clips']}" in card


@pytest.fixture(scope="module")
def lexicon():
    return load_lexicon(resources_dir() / "lexicon", choose_pack("en").lexicons)


@pytest.mark.parametrize("word", ["about", "abdomen", "computer", "rotate", "window", "zoom"])
def test_the_english_dictionary_is_in_our_phones(lexicon, word):
    found = lexicon.pronunciations(word, "en")
    assert found
    assert {phone for way in found for phone in way.phones} <= PHONE_INDEX.keys()


def test_stress_decides_between_two_vowels(lexicon):
    assert lexicon.pronunciations("about", "en")[0].phones == ("@", "b", "a", "w", "t")
    assert lexicon.pronunciations("cut", "en")[0].phones == ("k", "V", "t")
