"""Which of the N best sentences acts, and why not."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from surgery_assist.commands.registry import Risk
from surgery_assist.voice.decision import (
    NOT_NOW,
    NOT_UNDERSTOOD,
    UNSURE,
    Interpreter,
    Judgement,
    Rejected,
    Understood,
)
from surgery_assist.voice.events import Hypothesis, Utterance
from surgery_assist.voice.phrases import PhraseBook, Wake
from surgery_assist.voice.thresholds import Thresholds
from tests.helpers.ears import phrase_books

AUDIO = np.zeros(16000, np.int16)


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return phrase_books()["en"]


def heard(*hypotheses: tuple[str, float]) -> Utterance:
    return Utterance(tuple(Hypothesis(*entry) for entry in hypotheses), 0.0, 1.0, 300.0, "en")


def test_a_sentence_without_a_rival_acts(book: PhraseBook) -> None:
    decision = Interpreter().decide(heard(("go to image forty two", -10.0)), book.parser())
    assert isinstance(decision, Understood)
    (invocation,) = decision.invocations
    assert invocation.command_id == "image.goto"
    assert invocation.arguments == {"n": 42}
    assert invocation.source == "voice"
    assert invocation.heard == "go to image forty two"
    assert decision.confidence > 0.99


def test_sentences_of_one_meaning_are_no_rivals(book: PhraseBook) -> None:
    both = heard(("next image", -10.0), ("next slice", -10.1), ("next series", -20.0))
    decision = Interpreter().decide(both, book.parser())
    assert isinstance(decision, Understood)
    assert decision.confidence == pytest.approx(1 / (1 + math.exp(-10.0)))


@pytest.mark.parametrize("lead", [0.0, 1.9, 2.1, 5.0])
def test_a_near_rival_makes_it_unsure(book: PhraseBook, lead: float) -> None:
    pair = heard(("next image", -10.0), ("next series", -10.0 - lead))
    decision = Interpreter().decide(pair, book.parser())
    assert isinstance(decision, Understood) == (lead > 2.0)
    if isinstance(decision, Rejected):
        assert decision.reason == UNSURE
        assert decision.heard == "next image"


def test_what_a_mistake_costs_decides_how_sure_it_must_be(book: PhraseBook) -> None:
    pair = heard(("open patient three", -10.0), ("go to image three", -14.0))
    risky = Interpreter({"patient.open": Risk.CONFIRM})
    assert isinstance(risky.decide(pair, book.parser()), Rejected)
    assert isinstance(Interpreter().decide(pair, book.parser()), Understood)


def test_numbers_must_be_surer(book: PhraseBook) -> None:
    near = heard(("go to image forty", -10.0), ("go to image fourteen", -12.5))
    decision = Interpreter().decide(near, book.parser())
    assert isinstance(decision, Rejected)


@pytest.mark.parametrize("text", ["[unk]", "next [unk]", "nonsense words", ""])
def test_unknown_speech_vetoes(book: PhraseBook, text: str) -> None:
    decision = Interpreter().decide(heard((text, 50.0), ("next image", -11.0)), book.parser())
    assert isinstance(decision, Rejected)
    assert decision.reason == NOT_UNDERSTOOD
    assert isinstance(Interpreter().decide(heard(), book.parser()), Rejected)


@pytest.mark.parametrize(("score", "acts"), [(-20.0, True), (-27.0, True), (-29.0, False)])
def test_a_sentence_that_fits_the_sound_badly_is_refused(
    book: PhraseBook, *, score: float, acts: bool
) -> None:
    decision = Interpreter().decide(heard(("next image", score)), book.parser())
    assert isinstance(decision, Understood) == acts


def test_stop_needs_hardly_any_lead(book: PhraseBook) -> None:
    decision = Interpreter().decide(heard(("stop", -10.0), ("brain", -10.6)), book.parser())
    assert isinstance(decision, Understood)


def test_only_enabled_commands_act_and_stop_always(book: PhraseBook) -> None:
    enabled = frozenset({"confirm", "reject"})
    decision = Interpreter().decide(heard(("next image", -10.0)), book.parser(), enabled=enabled)
    assert isinstance(decision, Rejected)
    assert decision.reason == NOT_NOW
    stop = Interpreter().decide(heard(("stop", -10.0)), book.parser(), enabled=enabled)
    assert isinstance(stop, Understood)


def test_a_command_after_the_wake_word_wakes_first(book: PhraseBook) -> None:
    parser = book.parser(None, Wake.REQUIRED)
    decision = Interpreter().decide(heard(("computer next image", -10.0)), parser, asleep=True)
    assert isinstance(decision, Understood)
    assert [entry.command_id for entry in decision.invocations] == ["listen.start", "image.next"]
    alone = Interpreter().decide(heard(("computer", -10.0)), parser, asleep=True)
    assert isinstance(alone, Understood)
    assert [entry.command_id for entry in alone.invocations] == ["listen.start"]


class Opinion:
    """A second recogniser that likes one sentence; ``heard`` is what it would write."""

    def __init__(self, liked: str, heard: str = "", *, per_token: float = -0.5) -> None:
        self.liked = liked
        self.heard = heard
        self.per_token = per_token
        self.asked: list[list[str]] = []

    def judge(
        self,
        audio: np.ndarray,
        candidates: Sequence[str],
        language: str,
        nearest: Callable[[str], str] | None = None,
    ) -> list[Judgement]:
        assert audio is AUDIO
        assert language == "en"
        self.asked.append(list(candidates))
        near = nearest(self.heard) if nearest and self.heard else ""
        return [
            Judgement(
                text,
                5.0 if text == self.liked else 0.0,
                self.per_token,
                0.0 if text == near else -math.inf,
            )
            for text in dict.fromkeys([*candidates, *([near] if near else [])])
        ]


class TooSlow(Opinion):
    def judge(self, *_: object, **__: object) -> list[Judgement]:
        return []


def test_a_second_opinion_can_turn_the_order(book: PhraseBook) -> None:
    opinion = Opinion("next series")
    three = heard(("next image", -10.0), ("next series", -11.0), ("next image please", -12.0))
    decision = Interpreter(opinion=opinion).decide(three, book.parser(), audio=AUDIO)
    assert isinstance(decision, Understood)
    assert decision.invocations[0].command_id == "series.next"
    assert opinion.asked == [["next image", "next series"]]  # only sentences that are commands


def test_stop_does_not_wait_for_a_second_opinion(book: PhraseBook) -> None:
    opinion = Opinion("next image")
    Interpreter(opinion=opinion).decide(heard(("stop", -10.0)), book.parser(), audio=AUDIO)
    assert opinion.asked == []


def test_without_a_second_opinion_it_can_be_stricter(book: PhraseBook) -> None:
    pair = heard(("next image", -10.0), ("next series", -11.2))
    strict = Thresholds(alone=2.0)
    assert isinstance(Interpreter(thresholds=strict).decide(pair, book.parser()), Rejected)
    confirmed = Interpreter(thresholds=strict, opinion=Opinion("next image"))
    assert isinstance(confirmed.decide(pair, book.parser(), audio=AUDIO), Understood)


def test_what_only_the_second_recogniser_heard_can_win(book: PhraseBook) -> None:
    opinion = Opinion("next series", heard="Next serious.")
    decision = Interpreter(opinion=opinion).decide(
        heard(("next image", -10.0)), book.parser(), audio=AUDIO
    )
    assert isinstance(decision, Understood)
    assert decision.invocations[0].command_id == "series.next"


@pytest.mark.parametrize(("per_token", "acts"), [(-3.4, True), (-3.6, False)])
def test_what_the_second_recogniser_did_not_hear_does_not_act(
    book: PhraseBook, per_token: float, *, acts: bool
) -> None:
    opinion = Opinion("next image", per_token=per_token)
    decision = Interpreter(opinion=opinion).decide(
        heard(("next image", -22.0)), book.parser(), audio=AUDIO
    )
    assert isinstance(decision, Understood) == acts
    if isinstance(decision, Rejected):
        assert decision.reason == NOT_UNDERSTOOD


def test_what_a_mistake_costs_decides_how_well_it_must_fit(book: PhraseBook) -> None:
    risky = Interpreter(
        {"patient.open": Risk.CONFIRM}, opinion=Opinion("open patient three", per_token=-2.8)
    )
    said = heard(("open patient three", -10.0))
    assert isinstance(risky.decide(said, book.parser(), audio=AUDIO), Rejected)


@pytest.mark.parametrize(
    ("per_token", "risk", "acts"),
    [(-4.2, Risk.VIEW, True), (-4.3, Risk.VIEW, False), (-4.2, Risk.STATE, False)],
)
def test_what_vosk_heard_clearly_needs_less_from_the_second_recogniser(
    book: PhraseBook, per_token: float, risk: Risk, *, acts: bool
) -> None:
    opinion = Opinion("next image", per_token=per_token)
    decision = Interpreter({"image.next": risk}, opinion=opinion).decide(
        heard(("next image", -20.0)), book.parser(), audio=AUDIO
    )
    assert isinstance(decision, Understood) == acts


@pytest.mark.parametrize(
    ("text", "risks"),
    [("go to image five", {}), ("next series", {"series.next": Risk.CONFIRM})],
)
def test_what_only_the_second_recogniser_heard_does_not_act_if_it_is_a_number_or_risky(
    book: PhraseBook, text: str, risks: dict[str, Risk]
) -> None:
    decision = Interpreter(risks, opinion=Opinion(text, heard=text)).decide(
        heard(("next image", -10.0)), book.parser(), audio=AUDIO
    )
    assert isinstance(decision, Rejected)
    assert decision.reason == UNSURE


def test_a_sentence_cut_short_by_the_second_recogniser_is_no_rival(book: PhraseBook) -> None:
    short = "go to image forty"
    decision = Interpreter(opinion=Opinion(short, heard=short)).decide(
        heard(("go to image forty two", -10.0)), book.parser(), audio=AUDIO
    )
    assert isinstance(decision, Understood)
    assert decision.invocations[0].arguments == {"n": 42}


def test_a_second_opinion_that_is_late_is_not_missed(book: PhraseBook) -> None:
    late = Interpreter(opinion=TooSlow("next image"))
    near, poor = heard(("next image", -10.0)), heard(("next image", -40.0))
    assert isinstance(late.decide(near, book.parser(), audio=AUDIO), Understood)
    assert isinstance(late.decide(poor, book.parser(), audio=AUDIO), Rejected)  # Vosk's own gate
    confirmed = Interpreter(opinion=Opinion("next image"))
    assert isinstance(confirmed.decide(poor, book.parser(), audio=AUDIO), Understood)
