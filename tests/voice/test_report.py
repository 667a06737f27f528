"""The page of `voice eval --report`, and phrases that are too close."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from surgery_assist.settings import Settings
from surgery_assist.voice.assembly import pack_lexicon, voice_pack
from surgery_assist.voice.closeness import close_pairs, phone_distances
from surgery_assist.voice.phones import PHONE_INDEX
from surgery_assist.voice.phrases import load_phrases
from surgery_assist.voice.report import render_report
from surgery_assist.voice.speech import build_speech


def phones(text: str) -> list[int]:
    return [PHONE_INDEX[phone] for phone in text.split()]


def row(**changes: Any) -> dict[str, Any]:
    plain = {
        "path": "a.wav", "group": "g", "lang": "ro", "speaker": "s-1", "noise": "quiet",
        "voices": "people", "expected": "image.next", "seconds": 2.0, "actions": 1,
        "heard": "imaginea următoare", "id": "image.next", "slots": {}, "confidence": 1.0,
        "accepted": True, "latency_ms": 300.0, "verdict": "right",
    }  # fmt: skip
    return {**plain, **changes}


class Texts(HTMLParser):
    """Cells of all tables, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag == "tr":
            self.cells.append([])
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1].append(data.strip())


def test_distances_are_those_of_phones() -> None:
    found = phone_distances(
        phones("p a t"), [phones(t) for t in ("p a t", "b a t", "p a", "s o t")]
    )
    assert found.tolist() == [0.0, 0.5, 1.0, 2.0]


def test_close_phrases_are_found_with_advice_and_numbers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "en.yaml"
    path.write_text("a: [grid on]\nb: [grid off]\nc: [rotate everything]\nd: ['image {n}']\n")
    (pair,) = close_pairs(load_phrases(path), "en", pack_lexicon(voice_pack("en")))
    assert {pair.first_id, pair.second_id} == {"a", "b"}
    assert pair.advice == "closeness.one_word"
    assert set(pair.words) == {"on", "off"}


@pytest.mark.parametrize("language", ["en", "ro"])
def test_few_of_our_own_phrases_are_close(language: Any) -> None:
    book = build_speech(Settings()).books[language]
    pairs = close_pairs(book, language, pack_lexicon(voice_pack(language)))
    assert 0 < len(pairs) <= 12
    assert [pair for pair in pairs if pair.distance < 1.0] == []


@pytest.mark.parametrize("language", ["en", "ro"])
def test_people_and_synthetic_voices_stand_apart(language: Any) -> None:
    rows = [
        row(),
        row(verdict="wrong", id="image.previous", heard="<script>"),
        row(voices="synthetic", speaker="robot"),
        row(voices="synthetic", expected="", verdict="false accept", seconds=36.0, actions=2),
    ]
    page = render_report({"rows": rows, "summary": {"mode": "always"}}, [], language, pack="p")
    reader = Texts()
    reader.feed(page)
    assert reader.open == []
    assert "<script>" not in page
    assert "http" not in page
    people, robots = page.split("<h2>")[1:3]
    assert "50.0%" in people
    assert "robot" not in people
    assert "100.0%" in robots
    assert "200.0" in robots  # two false actions in 36 s
    assert "evaluation." not in page
    matrix = [
        line for line in reader.cells if line[:1] == ["image.next"] and "image.previous" not in line
    ]
    assert matrix
