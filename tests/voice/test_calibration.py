"""Thresholds: what they refuse, how they are read, and how recordings choose them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from surgery_assist.commands.registry import Risk
from surgery_assist.errors import PackError
from surgery_assist.settings import resources_dir
from surgery_assist.voice.calibration import Weighed, choose, report, worth
from surgery_assist.voice.thresholds import (
    NOT_UNDERSTOOD,
    UNSURE,
    Evidence,
    Thresholds,
    as_json,
    from_json,
    read_thresholds,
)

SURE = Evidence(
    text="next image",
    command_id="image.next",
    meaning=(("image.next", {}),),
    risk=Risk.VIEW,
    numeric=False,
    language="en",
    lead=10.0,
    unknown=0.0,
    beside=10.0,
    per_second=-15.0,
    same=True,
    proposed=True,
    fit=-0.5,
    behind=0.0,
    asleep=False,
    strict=False,
)
PLAIN = Thresholds()


def refusal(**changes: object) -> str | None:
    return PLAIN.refusal(replace(SURE, **changes))  # type: ignore[arg-type]


def test_what_is_sure_acts() -> None:
    assert refusal() is None


def test_a_loud_room_makes_everything_harder() -> None:
    needed = PLAIN.leads[Risk.VIEW] + PLAIN.loud_lead / 2
    assert refusal(lead=needed) is None
    assert refusal(lead=needed, strict=True) == UNSURE


def test_what_the_filler_took_is_saved_only_by_the_second_opinion() -> None:
    assert refusal(unknown=3.0) is None
    assert refusal(unknown=3.0, fit=None, behind=None) == NOT_UNDERSTOOD
    assert refusal(unknown=3.0, risk=Risk.CONFIRM) == NOT_UNDERSTOOD


@pytest.mark.parametrize(("behind", "acts"), [(0.0, True), (-0.5, False)])
def test_a_single_word_counts_more_where_it_was_written(behind: float, *, acts: bool) -> None:
    thresholds = replace(PLAIN, short_fit=1.5, short_written=0.5, slack=0.0)
    word = replace(SURE, text="next", fit=-2.5, behind=behind, per_second=-25.0)
    assert (thresholds.refusal(word) is None) == acts


def test_what_vosk_did_not_hear_must_be_what_was_written() -> None:
    unheard = replace(SURE, proposed=False)
    assert PLAIN.refusal(replace(unheard, behind=PLAIN.unheard)) is None
    assert PLAIN.refusal(replace(unheard, behind=PLAIN.unheard - 0.1)) == NOT_UNDERSTOOD
    assert refusal(behind=PLAIN.unheard - 0.1) is None


def test_stop_needs_a_lead_over_decoys() -> None:
    stop = replace(SURE, command_id="stop", fit=None, behind=None)
    assert PLAIN.refusal(stop) is None
    assert PLAIN.refusal(replace(stop, per_second=-40.0)) is None
    assert refusal(per_second=-40.0, fit=None, behind=None) == NOT_UNDERSTOOD
    assert PLAIN.refusal(replace(stop, beside=PLAIN.stop - 0.1)) == UNSURE


@pytest.mark.parametrize("behind", [-1.0, -30.0])
def test_a_poor_voice_counts_by_what_else_it_could_have_said(behind: float) -> None:
    fit = PLAIN.fits[Risk.VIEW] - PLAIN.slack / 2
    near = refusal(fit=fit, behind=behind, per_second=-25.0) is None
    assert near == (behind > PLAIN.behinds[Risk.VIEW])


def test_thresholds_travel_as_json() -> None:
    odd = replace(PLAIN, stop=1.25, fits={**PLAIN.fits, Risk.STATE: -1.5})
    assert from_json(json.loads(json.dumps(as_json(odd)))) == odd
    assert from_json({}) == PLAIN


@pytest.mark.parametrize("values", [{"speed": 1.0}, {"stop": "much"}, {"fits": {"X": 1.0}}, [1]])
def test_wrong_thresholds_are_refused(values: object) -> None:
    with pytest.raises(PackError):
        from_json(values, "pack")


def test_a_pack_brings_its_own(tmp_path: Path) -> None:
    (tmp_path / "pack.json").write_text('{"decision": {"stop": 3.5}}', "utf-8")
    assert read_thresholds(tmp_path).stop == 3.5


def test_the_program_has_some_for_packs_without(tmp_path: Path) -> None:
    shipped = json.loads((resources_dir() / "decision.json").read_text("utf-8"))
    assert read_thresholds(tmp_path) == from_json(shipped["thresholds"])


def weighed(name: str, *, right: bool, **changes: object) -> Weighed:
    return Weighed(replace(SURE, **changes), right, name)  # type: ignore[arg-type]


def test_thresholds_are_chosen_to_keep_commands_and_refuse_the_rest() -> None:
    poor = {"behind": -30.0, "per_second": -30.0}
    kept = [weighed(f"a{n}", right=True, fit=-2.2, **poor) for n in range(20)]
    false = [weighed(f"b{n}", right=False, fit=-2.8, **poor) for n in range(5)]
    chosen = choose([*kept, *false], PLAIN)
    assert worth([*kept, *false], chosen) == len(kept)
    # The strictest of equals: just below what commands had.
    assert chosen.fits[Risk.VIEW] == -2.5
    assert chosen.fits[Risk.CONFIRM] >= chosen.fits[Risk.STATE] >= chosen.fits[Risk.VIEW]


def test_a_question_that_comes_by_itself_outweighs_many_commands() -> None:
    kept = [weighed(f"a{n}", right=True, risk=Risk.CONFIRM, fit=-2.2) for n in range(50)]
    false = [weighed("b", right=False, risk=Risk.CONFIRM, fit=-1.9)]
    assert worth([*kept, *false], choose([*kept, *false], PLAIN)) == 0


def test_one_half_chooses_and_the_other_judges() -> None:
    entries = [weighed(f"clip-{n}.wav", right=True) for n in range(40)]
    found = report(entries, PLAIN)
    halves = [sum(found[half]["V"].values()) for half in ("chosen_on", "judged_on")]
    assert sum(halves) == 40
    assert min(halves) > 5
