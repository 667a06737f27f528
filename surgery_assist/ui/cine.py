"""Plays viewports: as many frames a second as the Session says, late ones left out and counted."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.ui.facts import CineRate
from surgery_assist.ui.viewports import ViewportArea

TELL_EVERY_S: Final = 1.0


@dataclass(slots=True)
class _Playing:
    """One viewport that plays: frames that are due, and how many of them were seen."""

    due: float = 0.0
    sent: int = 0
    drawn: int = 0
    """Pictures that its pane had drawn when ``sent`` was set to 0."""
    left_out: int = 0


class CinePlayer(QObject):
    """Steps the playing viewports by the time that has passed, not by the ticks of a timer.

    While the last frame still waits to be painted nothing is sent; the next step is then longer,
    so that playing keeps its speed on a slow machine. Once a second the panes are told how many
    frames were shown and how many, since it began to play, were not.
    """

    def __init__(self, dispatcher: Dispatcher, area: ViewportArea) -> None:
        super().__init__(area)
        self._dispatcher = dispatcher
        self._area = area
        self._plays: dict[int, _Playing] = {}
        self._clock = QElapsedTimer()
        self._since_told = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def show_session(self, session: Session) -> None:
        """Start or stop with what the Session says."""
        playing = _playing(session)
        for index in self._plays.keys() - playing.keys():
            self._area.tell_rate(index, None)
        if not playing:
            self.stop()
            return
        self._plays = {
            index: self._plays.get(index) or _Playing(drawn=self._area.drawn(index))
            for index in playing
        }
        # Twice as often as frames are due: a tick that comes late costs half a frame at most.
        self._timer.setInterval(max(4, round(500.0 / max(playing.values()))))
        if not self._timer.isActive():
            self._clock.start()
            self._since_told = 0.0
            self._timer.start()

    def stop(self) -> None:
        """Stop the clock."""
        self._timer.stop()
        self._plays = {}

    def _tick(self) -> None:
        session = self._dispatcher.session
        seconds = self._clock.restart() / 1000.0
        rates = _playing(session)
        self._since_told += seconds
        if self._since_told >= TELL_EVERY_S:
            self._tell()
        for index, play in self._plays.items():
            play.due += seconds * rates.get(index, 0.0)
        if self._area.dirty:
            return
        for index, play in list(self._plays.items()):
            steps = int(play.due)
            if steps:
                play.due -= steps
                play.sent += steps
                arguments = {"viewport": index, "steps": steps}
                self._dispatcher.dispatch(Invocation("cine.step", arguments, "program"))

    def _tell(self) -> None:
        for index, play in self._plays.items():
            drawn = self._area.drawn(index)
            seen = drawn - play.drawn
            # The last one sent may still wait to be painted.
            play.left_out += max(0, play.sent - seen - 1)
            self._area.tell_rate(index, CineRate(seen / self._since_told, play.left_out))
            play.drawn, play.sent = drawn, 0
        self._since_told = 0.0


def _playing(session: Session) -> dict[int, float]:
    """Frames a second of the visible viewports that play."""
    viewports = session.view.viewports
    return {
        index: viewports[index].cine.fps
        for index in session.panes()
        if viewports[index].cine.playing
    }
