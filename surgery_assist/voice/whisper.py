"""A second opinion by Whisper: how likely each candidate sentence is, given the sound.

Whisper is not asked what was said but how well each sentence that the program understands
fits (teacher forcing). It is slower than Vosk and hears people better, so it judges only what
Vosk proposes, and the sentence nearest to what it would write itself. It loads and works in
threads of its own, and an answer that takes too long is not waited for.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from surgery_assist.errors import PackError
from surgery_assist.model.session import Language
from surgery_assist.voice.audio import Samples
from surgery_assist.voice.decision import Judgement, Nearest
from surgery_assist.voice.packs import installed_packs, is_vosk_model, read_pack
from surgery_assist.voice.vosk_opinion import VoskOpinion
from surgery_assist.voice.whisper_model import is_available, is_whisper_folder, load_whisper
from surgery_assist.voice.whisper_scorer import Sound, WhisperScorer

log = logging.getLogger(__name__)

BUDGET_SECONDS: Final = 0.6
"""A decision does not wait longer for a second opinion."""
PATIENT_SECONDS: Final = 60.0
"""The same where nobody waits, such as in an evaluation."""
END_SECONDS: Final = 3.0
MOST_CANDIDATES: Final = 10
MOST_THREADS: Final = 4
MOST_WORDS: Final = 12
_ENDS: Final = " .,;:!?…"
THREAD_NAME: Final = "surgery-assist-opinion"

Answer = TypeVar("Answer")


class WhisperOpinion:
    """Judges candidate sentences, one question at a time.

    Parameters
    ----------
    folder
        A CTranslate2 Whisper folder, ``None`` for the packaged base model.
    threads
        Threads of one computation; ``None`` takes half of the cores, four at most, since the
        picture must not stand still meanwhile.
    budget_seconds
        Longest wait for an answer.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        threads: int | None = None,
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._folder = folder
        self._threads = threads or max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2))
        self._budget = budget_seconds
        self._lock = threading.Lock()
        self._loading: Future[WhisperScorer] | None = None
        self._asked: Future[list[Judgement]] | None = None
        self._heard: _Heard | None = None

    def warm_up(self) -> None:
        """Begin to load; returns at once, and does nothing the second time."""
        with self._lock:
            if self._loading is None:
                self._loading = _begin(self._load)
                self._loading.add_done_callback(_report)

    def load(self) -> None:
        """Load, and wait for it.

        Raises
        ------
        PackError
            The model is missing, changed or can't be loaded.
        """
        self.warm_up()
        if self._loading is not None:
            self._loading.result()

    def listen(self, audio: Samples) -> None:
        """Begin to encode an utterance that may be over; `judge` with the same array goes on.

        Where the speaker goes on after all, the work is lost, not the answer: nothing is begun
        while the last one still runs.
        """
        scorer = self._scorer()
        if scorer is None or self._busy():
            return
        self._heard = _Heard(audio, _begin(lambda: scorer.encode(audio)))

    def judge(
        self,
        audio: Samples,
        candidates: Sequence[str],
        language: Language,
        nearest: Nearest | None = None,
    ) -> list[Judgement]:
        """Judge sentences; none while it loads, is busy or takes too long.

        Parameters
        ----------
        audio
            The utterance: (n,) int16, 16 kHz.
        candidates
            Likely sentences first; the first `MOST_CANDIDATES` are judged.
        nearest
            With it the sentence nearest to Whisper's own text is judged too.
        """
        scorer = self._scorer()
        if scorer is None or (self._asked is not None and not self._asked.done()):
            return []
        chosen = list(candidates[:MOST_CANDIDATES])
        heard, self._heard = self._heard, None

        def work() -> list[Judgement]:
            if heard is not None:
                early = heard.sound.result()  # also of another utterance: one at a time
                if heard.audio is audio:
                    return _judged(scorer, early, chosen, language, nearest)
            return _judged(scorer, scorer.encode(audio), chosen, language, nearest)

        self._asked = _begin(work)
        try:
            return self._asked.result(self._budget)
        except TimeoutError:
            log.info("second opinion: no answer within %.1f s", self._budget)
        except (RuntimeError, ValueError) as error:
            log.warning("second opinion failed: %s", type(error).__name__)
        return []

    def _busy(self) -> bool:
        asked, heard = self._asked, self._heard
        return (asked is not None and not asked.done()) or (
            heard is not None and not heard.sound.done()
        )

    def _scorer(self) -> WhisperScorer | None:
        """The model, if it is loaded."""
        self.warm_up()
        loading = self._loading
        if loading is None or not loading.done() or loading.exception() is not None:
            return None
        return loading.result()

    def _load(self) -> WhisperScorer:
        scorer = WhisperScorer(load_whisper(self._folder, threads=self._threads))
        scorer.practise()
        return scorer


def choose_opinion(
    choice: str, models: Iterable[Path] = (), *, patient: bool = False
) -> WhisperOpinion | VoskOpinion | None:
    """The second opinion that the settings ask for; it loads at its ``warm_up``.

    Parameters
    ----------
    choice
        ``"off"``, ``"auto"`` (an installed Whisper folder, or the packaged model where there is
        one), or the path of a CTranslate2 Whisper folder or a standard Vosk model.
    models
        Folders that ``"auto"`` searches before the user's own.
    patient
        Load it now, and wait for every answer: results do not depend on the machine.

    Raises
    ------
    PackError
        The folder holds no such model; if ``patient``, it can't be loaded.
    """
    if choice == "off":
        return None
    if choice == "auto":
        folder = _installed(models)
        if folder is None and not is_available():
            return None
    else:
        folder = Path(choice)
        if is_vosk_model(folder):
            return VoskOpinion(read_pack(folder))
        if not is_whisper_folder(folder):
            raise PackError("error.opinion_folder", path=folder.name)
    opinion = WhisperOpinion(folder, budget_seconds=PATIENT_SECONDS if patient else BUDGET_SECONDS)
    if patient:
        opinion.load()
    return opinion


def _installed(models: Iterable[Path]) -> Path | None:
    roots = (pack.root for pack in installed_packs(models))
    return next((root for root in roots if is_whisper_folder(root)), None)


@dataclass(frozen=True, slots=True)
class _Heard:
    """An utterance that is being encoded before anything is asked about it."""

    audio: Samples
    sound: Future[Sound]


def _judged(
    scorer: WhisperScorer,
    sound: Sound,
    candidates: list[str],
    language: Language,
    nearest: Nearest | None,
) -> list[Judgement]:
    own: list[str] = []
    if nearest is not None:
        text = scorer.write(sound, language)
        plain = text.rstrip(_ENDS)
        own = [plain] if plain else []
        # To look for the nearest sentence to a long speech takes long, and it is no command.
        near = nearest(text) if len(text.split()) <= MOST_WORDS else ""
        candidates += [near] if near and near not in candidates else []
    scores = scorer.score(sound, [*candidates, *own], language)
    best = max(sum(tokens) for tokens in scores) if own else 0.0
    return [
        Judgement(text, sum(tokens), sum(tokens) / len(tokens), sum(tokens) - best)
        for text, tokens in zip(candidates, scores, strict=False)
    ]


def _begin(work: Callable[[], Answer]) -> Future[Answer]:
    """Work in a thread that ends with it: nothing is left running, and nothing needs closing."""
    answer: Future[Answer] = Future()
    _unfinished.add(answer)
    answer.add_done_callback(_unfinished.discard)

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001  (it is raised where the answer is wanted)
            answer.set_exception(error)

    threading.Thread(target=run, name=THREAD_NAME, daemon=True).start()
    return answer


_unfinished: set[Future[Any]] = set()


@atexit.register
def _settle() -> None:
    """Python must not end within a computation: the library would abort the process."""
    wait(list(_unfinished), timeout=END_SECONDS)


def _report(loading: Future[WhisperScorer]) -> None:
    """Say once why there is no second opinion; the chain goes on without it."""
    error = loading.exception()
    if error is not None:
        log.warning("second opinion not loaded: %s", error)
