"""Plays viewports: as many frames a second as the Session says, late ones left out."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.ui.viewports import ViewportArea


class CinePlayer(QObject):
    """Steps the playing viewports by the time that has passed, not by the ticks of a timer.

    While the last frame still waits to be painted nothing is sent; the next step is then longer,
    so that playing keeps its speed on a slow machine.
    """

    def __init__(self, dispatcher: Dispatcher, area: ViewportArea) -> None:
        super().__init__(area)
        self._dispatcher = dispatcher
        self._area = area
        self._due: dict[int, float] = {}
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def show_session(self, session: Session) -> None:
        """Start or stop with what the Session says."""
        playing = _playing(session)
        if not playing:
            self.stop()
            return
        self._due = {index: self._due.get(index, 0.0) for index in playing}
        # Twice as often as frames are due: a tick that comes late costs half a frame at most.
        self._timer.setInterval(max(4, round(500.0 / max(playing.values()))))
        if not self._timer.isActive():
            self._clock.start()
            self._timer.start()

    def stop(self) -> None:
        """Stop the clock."""
        self._timer.stop()
        self._due = {}

    def _tick(self) -> None:
        session = self._dispatcher.session
        seconds = self._clock.restart() / 1000.0
        playing = _playing(session)
        for index, fps in playing.items():
            self._due[index] = self._due.get(index, 0.0) + seconds * fps
        if self._area.dirty:
            return
        for index in playing:
            steps = int(self._due.get(index, 0.0))
            if steps:
                self._due[index] -= steps
                arguments = {"viewport": index, "steps": steps}
                self._dispatcher.dispatch(Invocation("cine.step", arguments, "program"))


def _playing(session: Session) -> dict[int, float]:
    """Frames a second of the visible viewports that play."""
    viewports = session.view.viewports
    return {
        index: viewports[index].cine.fps
        for index in session.panes()
        if viewports[index].cine.playing
    }
