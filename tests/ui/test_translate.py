"""Commands, questions and counts in the words of each language."""

import pytest

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import Patient
from surgery_assist.ui.translate import (
    counted,
    describe,
    patient_words,
    question_words,
    slot_words,
    study_date,
)
from tests.helpers.sessions import ct_session


@pytest.mark.parametrize(
    ("command_id", "arguments", "ro", "en"),
    [
        ("rotate", {"side": "right"}, "Rotire la dreapta", "Rotate right"),
        (
            "rotate",
            {"side": "left", "degrees": 45.0},
            "Rotire la stânga 45°",
            "Rotate left 45°",
        ),
        ("layout.set", {"rows": 2, "columns": 3}, "Împărțire 2 × 3", "Split 2 × 3"),
        ("window.preset", {"preset": "bone"}, "Fereastră osoasă", "Window: bone"),
        ("window.contrast", {"side": "up"}, "Contrast mai mare", "Contrast higher"),
        ("zoom.in", {"amount": "little"}, "Mărire puțin", "Zoom in a little"),
        ("zoom.in", {"amount": 30}, "Mărire 30 %", "Zoom in 30 %"),
        ("zoom.set", {"n": 150}, "Mărire 150 %", "Zoom 150 %"),
        ("image.goto", {"n": 42}, "Imaginea 42", "Image 42"),
        ("center", {"cell": "B4"}, "Centrează pe B4", "Centre on B4"),
        ("undo", {}, "Anulat", "Undone"),
    ],
)
def test_what_was_done_in_words(command_id, arguments, ro, en) -> None:
    invocation = Invocation(command_id, arguments)
    assert describe(invocation, "ro") == ro
    assert describe(invocation, "en") == en


def test_a_command_of_its_own_word_goes_before_the_general_one() -> None:
    assert slot_words("window.contrast", "side", "up", "ro") == "mai mare"
    assert slot_words("pan", "side", "up", "ro") == "în sus"
    assert slot_words("pan", "side", "elsewhere", "ro") == "elsewhere"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 imagini"),
        (1, "1 imagine"),
        (2, "2 imagini"),
        (19, "19 imagini"),
        (20, "20 de imagini"),
        (100, "100 de imagini"),
        (101, "101 imagini"),
        (119, "119 imagini"),
        (240, "240 de imagini"),
    ],
)
def test_romanian_counts_with_de_from_twenty(count, words) -> None:
    assert counted("count.images", count, "ro") == words


def test_english_counts() -> None:
    assert [counted("count.images", n, "en") for n in (0, 1, 2)] == [
        "0 images",
        "1 image",
        "2 images",
    ]


def test_dates_are_written_as_the_language_does() -> None:
    assert study_date("2026-11-24", "ro") == "24.11.2026"
    assert study_date("2026-11-24", "en") == "2026-11-24"
    assert study_date("", "ro") == ""
    assert study_date("unknown", "en") == "unknown"


def test_a_patient_without_a_name_is_named_by_the_id() -> None:
    assert patient_words(Patient("k", "17", ""), "ro") == "17"
    assert patient_words(Patient("k", "", "", "1950-01-01"), "ro") == "Pacient fără nume, 1950"


@pytest.mark.parametrize("arguments", [{"n": 99}, {"n": 0}, {"n": "two"}, {}])
def test_a_question_about_nobody_falls_back_to_the_command(arguments) -> None:
    question = question_words(Invocation("patient.open", arguments), ct_session())
    assert question.startswith("Deschide pacientul")
    assert question.endswith("?")
