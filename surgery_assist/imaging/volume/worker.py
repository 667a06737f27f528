"""Makes images of planes in a thread of its own: a coarse one at once, a fine one when it is still.

Each pane has one wish at a time; a newer one takes its place. Coarse images are always finished,
so that something moves while a hand drags; fine ones are given up for whatever is newer.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from surgery_assist.errors import SurgeryAssistError, VolumeError
from surgery_assist.imaging.volume.build import Volume, volume_of
from surgery_assist.imaging.volume.cut import Slice, Wanted, cut
from surgery_assist.imaging.volume.reslice import Quality, curved, flat, slab_samples
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.reformat import axes_of
from surgery_assist.model.units import DisplaySetUID

_QUICK_SAMPLES: Final = 250_000
"""Samples of a coarse image: some 10 ms."""
_COARSE: Final = (
    Quality(2, "linear", 1.0),
    Quality(2, "linear", 2.0),
    Quality(3, "linear", 2.0),
    Quality(4, "linear", 4.0),
    Quality(4, "linear", 8.0),
    Quality(6, "linear", 12.0),
)


@dataclass(frozen=True)
class Wish:
    """What a pane wants: an image of a source as far as that was there (``version``)."""

    source: VolumeSource = field(compare=False)
    uid: DisplaySetUID
    wanted: Wanted
    version: int


@dataclass(frozen=True)
class Made:
    """What came of a wish.

    ``image`` is ``None`` while the volume can't be made yet; ``error`` says why it never will be.
    """

    wish: Wish
    volume: Volume | None
    image: Slice | None
    final: bool
    error: SurgeryAssistError | None = None


def moving_quality(volume: Volume, wanted: Wanted) -> Quality:
    """How fine an image may be that has to follow a hand."""
    pixels = wanted.shown.rows * wanted.shown.columns
    for quality in _COARSE:
        samples = slab_samples(volume, wanted.plane, quality)
        if pixels / quality.factor**2 * samples <= _QUICK_SAMPLES:
            return quality
    return _COARSE[-1]


def still_quality(volume: Volume, wanted: Wanted) -> Quality:
    """Every pixel; between voxels cubic, through slabs linear (the finest detail is gone there)."""
    thin = slab_samples(volume, wanted.plane, Quality()) == 1
    return Quality(1, "cubic" if thin else "linear")


@dataclass
class _Seat:
    """The wish of one pane and how far it is."""

    wish: Wish
    coarse_done: bool = False


class ReformatWorker:
    """Takes wishes of panes from the GUI thread, delivers from its own.

    Parameters
    ----------
    deliver
        Called in the worker's thread with each `Made`.
    """

    def __init__(self, deliver: Callable[[int, Made], None]) -> None:
        self._deliver = deliver
        self._changed = threading.Condition()
        self._seats: dict[int, _Seat] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self._built: tuple[VolumeSource, int, Volume | None] | None = None

    def ask(self, pane: int, wish: Wish) -> None:
        """Wish for an image; the same wish again changes nothing."""
        with self._changed:
            seat = self._seats.get(pane)
            if self._closed or (seat is not None and seat.wish == wish):
                return
            self._seats[pane] = _Seat(wish)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="reformat", daemon=True)
                self._thread.start()
            self._changed.notify()

    def leave(self, pane: int) -> None:
        """Nothing more is wanted for a pane."""
        with self._changed:
            self._seats.pop(pane, None)

    def forget(self) -> None:
        """Drop every wish and voxel."""
        with self._changed:
            self._seats.clear()
            self._built = None

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._seats.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    # --- in the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                turn = self._next()
                while turn is None and not self._closed:
                    self._changed.wait()
                    turn = self._next()
                if turn is None or self._closed:
                    return
            pane, seat = turn
            made = self._made(pane, seat)
            if made is None:
                continue
            with self._changed:
                current = self._seats.get(pane) is seat
                seat.coarse_done = True
                if current and made.final:
                    del self._seats[pane]
            if current or not made.final:
                self._deliver(pane, made)

    def _next(self) -> tuple[int, _Seat] | None:
        """Coarse images before fine ones."""
        waiting = sorted(self._seats.items(), key=lambda entry: entry[1].coarse_done)
        return waiting[0] if waiting else None

    def _made(self, pane: int, seat: _Seat) -> Made | None:
        wish = seat.wish

        def given_up() -> bool:
            return self._closed or self._seats.get(pane) is not seat or self._hurry()

        try:
            volume = self._volume(wish)
            if volume is None:
                return Made(wish, None, None, final=True)
            return self._image(volume, seat, given_up)
        except SurgeryAssistError as error:
            return Made(wish, None, None, final=True, error=error)
        except (MemoryError, ValueError) as error:
            known = VolumeError("error.task_failed", detail=type(error).__name__)
            return Made(wish, None, None, final=True, error=known)

    def _hurry(self) -> bool:
        """Whether a coarse image waits for a fine one."""
        return any(not seat.coarse_done for seat in tuple(self._seats.values()))

    def _volume(self, wish: Wish) -> Volume | None:
        built = self._built
        if built is not None and built[0] is wish.source and built[1] == wish.version:
            return built[2]
        volume = volume_of(wish.source)
        # Only what took time is kept: other voxels are the frame store's, which may drop them.
        own = volume is not None and volume.values is not wish.source.values
        self._built = (wish.source, wish.version, volume) if own else None
        return volume

    def _image(self, volume: Volume, seat: _Seat, given_up: Callable[[], bool]) -> Made | None:
        wish, wanted = seat.wish, seat.wish.wanted
        axes = axes_of(volume.grid, wanted.plane)
        if axes is not None:
            image = cut(volume, wanted, axes, lambda: self._closed)
            return None if image is None else Made(wish, volume, image, final=True)
        make = curved if wanted.plane.kind == "curved" else flat
        if not seat.coarse_done:
            image = make(volume, wanted, moving_quality(volume, wanted), lambda: self._closed)
            return None if image is None else Made(wish, volume, image, final=False)
        image = make(volume, wanted, still_quality(volume, wanted), given_up)
        return None if image is None else Made(wish, volume, image, final=True)
