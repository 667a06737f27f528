"""The bundled pack with our graphs in the real Vosk: every command is heard, in both languages.

One robot voice that training may have heard: this proves that phones, lexicon, graph and network fit
together, and says nothing about people.
"""

import json
from pathlib import Path

import pytest
import yaml

from surgery_assist.settings import resources_dir
from surgery_assist.voice.graph import build_graph
from surgery_assist.voice.lexicon import load_lexicon
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import Wake, load_phrases
from tests.helpers.speech import have_espeak, resampled, speech

PACK = resources_dir().parent / "models" / "ro-en-command"
SENTENCES = Path(__file__).parent / "sentences"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["ro", "en"])
def test_commands_are_heard(tmp_path, language):
    if not (PACK / "am" / "final.mdl").is_file():
        pytest.skip("the bundled voice pack is not built")
    if not have_espeak():
        pytest.skip("espeak-ng is not installed")
    import numpy as np
    import vosk

    vosk.SetLogLevel(-1)
    book = load_phrases(resources_dir() / "phrases" / f"{language}.yaml")
    lexicon = load_lexicon(resources_dir() / "lexicon", {"en": PACK / "lexicon" / "en.txt.gz"})
    automaton = book.automaton(wake=Wake.OPTIONAL)
    model = vosk.Model(str(build_graph([automaton], lexicon, tmp_path, PACK)))
    parser = book.parser(wake=Wake.OPTIONAL)
    sentences = yaml.safe_load((SENTENCES / f"{language}.yaml").read_text("utf-8"))
    rng = np.random.default_rng(1)
    wrong = {}
    for command_id, meant in sentences.items():
        sentence, slots = next(iter(meant.items()))
        sound = np.pad(resampled(speech(sentence, language), 16000) // 2, 6400)
        sound += rng.integers(-3, 4, len(sound), dtype=np.int16)
        recognizer = vosk.KaldiRecognizer(model, 16000)
        recognizer.SetMaxAlternatives(3)
        recognizer.AcceptWaveform(sound.tobytes())
        heard = json.loads(recognizer.FinalResult())["alternatives"][0]["text"]
        if parser.parse(heard) != Parse(command_id, slots, language):
            wrong[sentence] = heard
    assert len(wrong) <= 0.1 * len(sentences), wrong
