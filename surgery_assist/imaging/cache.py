"""Loads frames in the background and keeps them within a memory budget.

Worker threads take what is visible first, then thumbnails, then neighbours nearest first; when
the view moves on, work that nobody waits for any more is not begun. A frame that can't be decoded
is remembered as an error of that frame alone.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.memory import default_budget
from surgery_assist.imaging.pixels import FramePixels, FrameReader
from surgery_assist.imaging.reader import warm_up
from surgery_assist.imaging.render import Rgb32
from surgery_assist.imaging.schedule import Focus, loading_order
from surgery_assist.imaging.thumbnails import thumbnail
from surgery_assist.imaging.volumes import Volume
from surgery_assist.model.study import DisplaySet, FrameRef
from surgery_assist.model.units import DisplaySetUID

logger = logging.getLogger(__name__)

Key = tuple[str, int]
"""Instance UID and frame: stays true while display sets grow."""
OnFrame = Callable[[DisplaySetUID, int], None]
THUMBNAIL_READY: Final = -1
_REQUESTS_KEPT: Final = 32


class FrameStore:
    """Frames of all that is open, loaded by demand.

    Parameters
    ----------
    library
        Knows the files.
    budget_bytes
        How much decoded pixels may take; ``None`` takes half of the machine's memory.
    on_frame
        Called in a worker thread with ``(display_set_uid, index)`` when a frame (or its error) has
        arrived, with index -1 when a thumbnail has.
    workers
        Threads; decoders release the interpreter lock for most of their time.
    """

    def __init__(
        self,
        library: Library,
        budget_bytes: int | None = None,
        on_frame: OnFrame | None = None,
        workers: int = 2,
    ) -> None:
        self._library = library
        self._budget = budget_bytes or default_budget()
        self._on_frame = on_frame
        self._reader = FrameReader()
        self._changed = threading.Condition(threading.RLock())
        self._frames: OrderedDict[Key, FramePixels] = OrderedDict()
        self._errors: dict[Key, DecodeError] = {}
        self._volumes: OrderedDict[DisplaySetUID, Volume] = OrderedDict()
        self._thumbnails: dict[DisplaySetUID, Rgb32 | None] = {}
        self._used = 0
        self._focus: tuple[tuple[DisplaySetUID, int], ...] = ()
        self._requests: deque[tuple[DisplaySetUID, int]] = deque(maxlen=_REQUESTS_KEPT)
        self._thumbnail_requests: deque[DisplaySetUID] = deque()
        self._order: Iterator[tuple[DisplaySetUID, int]] = iter(())
        self._ordered = library.catalogue
        self._complete: set[DisplaySetUID] = set()
        self._busy: set[Key | DisplaySetUID] = set()
        self._closed = False
        self._epoch = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"frames-{n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    # --- asking -----------------------------------------------------------------------------

    def focus(self, visible: Sequence[tuple[DisplaySetUID, int]]) -> None:
        """Say what is visible now, the active viewport first. Cheap; drops what was queued."""
        with self._changed:
            self._focus = tuple(visible)
            self._requests.clear()
            self._restart()

    def get(self, uid: DisplaySetUID, index: int) -> FramePixels | DecodeError | None:
        """The frame, why it can't be had, or ``None`` while it is not there yet. Never blocks.

        ``None`` is a request too: the frame is loaded next.
        """
        key = self._key(uid, index)
        if key is None:
            return None
        with self._changed:
            found = self._found(key)
            if found is None and (uid, index) not in self._requests:
                self._requests.appendleft((uid, index))
                self._changed.notify_all()
            return found

    def load(self, uid: DisplaySetUID, index: int) -> FramePixels:
        """The frame, loaded by the caller's thread if it is not there yet.

        Raises
        ------
        DecodeError
            It can't be had, or there is no such frame.
        """
        key = self._key(uid, index)
        if key is None:
            raise DecodeError("error.decode_missing")
        with self._changed:
            found, epoch = self._found(key), self._epoch
        if found is None:
            found = self._load(uid, key)
            with self._changed:
                found = self._keep(uid, index, key, found, epoch)
        if isinstance(found, DecodeError):
            raise found
        return found

    def loaded(self, uid: DisplaySetUID) -> int:
        """How many frames of a display set are in memory."""
        display_set = self._library.catalogue.display_set(uid)
        with self._changed:
            frames = display_set.frames if display_set else ()
            return sum((ref.instance_uid, ref.frame) in self._frames for ref in frames)

    def loaded_bytes(self, uid: DisplaySetUID) -> int:
        """Bytes of the frames of a display set that are in memory."""
        display_set = self._library.catalogue.display_set(uid)
        with self._changed:
            frames = display_set.frames if display_set else ()
            found = [self._frames.get((ref.instance_uid, ref.frame)) for ref in frames]
            return sum(pixels.values.nbytes for pixels in found if pixels is not None)

    def volume(self, uid: DisplaySetUID) -> NDArray[Any] | None:
        """``(slices, rows, columns)`` stored values shared with the frames, when all are there."""
        with self._changed:
            volume = self._volume_for(uid)
            return volume.values if volume is not None and volume.complete else None

    def thumbnail(self, uid: DisplaySetUID) -> Rgb32 | None:
        """A small picture of the middle frame, or ``None`` while (or because) there is none."""
        with self._changed:
            if uid not in self._thumbnails and uid not in self._thumbnail_requests:
                self._thumbnail_requests.append(uid)
                self._changed.notify_all()
            return self._thumbnails.get(uid)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until everything wanted is loaded; whether that was so in time (seconds)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._is_idle(), timeout)

    @property
    def used_bytes(self) -> int:
        """Bytes that decoded frames and volumes take."""
        return self._used

    def clear(self) -> None:
        """Forget all frames, errors and thumbnails (the case is closed)."""
        with self._changed:
            self._epoch += 1
            for memory in (self._frames, self._errors, self._volumes, self._thumbnails):
                memory.clear()
            self._thumbnail_requests.clear()
            self._complete.clear()
            self._used = 0
            self._reader = FrameReader()
            self.focus(())

    def close(self) -> None:
        """Stop the threads; waits for the frames that are being decoded."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    # --- bookkeeping (all under the lock) -------------------------------------------------------

    def _reference(self, uid: DisplaySetUID, index: int) -> tuple[DisplaySet, FrameRef] | None:
        display_set = self._library.catalogue.display_set(uid)
        if display_set is None or not 0 <= index < display_set.count:
            return None
        return display_set, display_set.frames[index]

    def _key(self, uid: DisplaySetUID, index: int) -> Key | None:
        found = self._reference(uid, index)
        return (found[1].instance_uid, found[1].frame) if found else None

    def _found(self, key: Key) -> FramePixels | DecodeError | None:
        if key in self._frames:
            self._frames.move_to_end(key)
            return self._frames[key]
        return self._errors.get(key)

    def _restart(self) -> None:
        catalogue = self._library.catalogue
        if catalogue is not self._ordered:
            self._complete.clear()
        self._ordered = catalogue
        places = []
        for uid, index in self._focus:
            display_set = catalogue.display_set(uid)
            if display_set is not None and uid not in self._complete:
                places.append(Focus(uid, index, display_set.count))
        self._order = loading_order(places)
        self._changed.notify_all()

    def _is_idle(self) -> bool:
        return not self._busy and self._next_job(peek=True) is None

    def _next_job(self, *, peek: bool = False) -> tuple[DisplaySetUID, int] | None:
        for uid, index in (*self._requests, *self._focus):
            if self._is_wanted(uid, index):
                return uid, index
        if self._thumbnail_requests:
            uid = self._thumbnail_requests[0]
            if not peek:
                self._thumbnail_requests.popleft()
            return uid, THUMBNAIL_READY
        return self._next_neighbour(peek=peek)

    def _next_neighbour(self, *, peek: bool) -> tuple[DisplaySetUID, int] | None:
        if self._ordered is not self._library.catalogue:
            self._restart()  # the study has grown since
        skipped, has_room = False, self._has_room()
        for uid, index in self._order:
            if not self._is_wanted(uid, index):
                continue
            if uid in self._volumes or has_room:
                if peek:
                    self._restart_at(uid, index)
                return uid, index
            skipped = True
        if not skipped:
            self._complete.update(uid for uid, _ in self._focus)
        return None

    def _restart_at(self, uid: DisplaySetUID, index: int) -> None:
        """Put a job back that was only looked at."""
        rest = self._order

        def again() -> Iterator[tuple[DisplaySetUID, int]]:
            yield uid, index
            yield from rest

        self._order = again()

    def _is_wanted(self, uid: DisplaySetUID, index: int) -> bool:
        key = self._key(uid, index)
        return (
            key is not None
            and key not in self._frames
            and key not in self._errors
            and key not in self._busy
        )

    def _has_room(self) -> bool:
        """Whether a neighbour may be loaded without pushing out others of what is visible."""
        if self._used < self._budget * 0.95:
            return True
        focused = {
            (ref.instance_uid, ref.frame)
            for place, _ in self._focus
            for ref in getattr(self._library.catalogue.display_set(place), "frames", ())
        }
        return any(key not in focused for key in self._frames)

    # --- working ------------------------------------------------------------------------------

    def _work(self) -> None:
        warm_up()
        while True:
            with self._changed:
                job = self._next_job()
                while job is None and not self._closed:
                    self._changed.wait()
                    job = self._next_job()
                if self._closed or job is None:
                    return
                uid, index = job
                key = self._key(uid, index) if index != THUMBNAIL_READY else uid
                if key is None:
                    continue
                self._busy.add(key)
                epoch = self._epoch
            try:
                self._do(uid, index, key, epoch)
            finally:
                with self._changed:
                    self._busy.discard(key)
                    self._changed.notify_all()

    def _do(self, uid: DisplaySetUID, index: int, key: "Key | DisplaySetUID", epoch: int) -> None:
        if isinstance(key, tuple):
            loaded = self._load(uid, key)
            with self._changed:
                self._keep(uid, index, key, loaded, epoch)
        else:
            self._make_thumbnail(uid, epoch)
        if self._on_frame is not None and epoch == self._epoch:
            try:
                self._on_frame(uid, index)
            except Exception:
                logger.exception("on_frame failed")

    def _load(self, uid: DisplaySetUID, key: Key) -> FramePixels | DecodeError:
        instance = self._library.instance(key[0])
        if instance is None:
            return DecodeError("error.decode_missing")
        with self._changed:
            volume = self._volume_for(uid)
            slot = volume.slot(key) if volume is not None else None
        try:
            return self._reader.read(instance, key[1], out=slot)
        except DecodeError as error:
            return error

    def _keep(
        self,
        uid: DisplaySetUID,
        index: int,
        key: Key,
        loaded: FramePixels | DecodeError,
        epoch: int,
    ) -> FramePixels | DecodeError:
        if (uid, index) in self._requests:
            self._requests.remove((uid, index))
        if epoch != self._epoch:
            return loaded
        if isinstance(loaded, DecodeError):
            self._errors[key] = loaded
            return loaded
        if key in self._frames:
            return self._frames[key]
        self._frames[key] = loaded
        volume = self._volumes.get(uid)
        if volume is not None and volume.holds(key, loaded.values):
            volume.filled.add(key)
        else:
            self._used += loaded.values.nbytes
        self._make_room()
        return loaded

    def _volume_for(self, uid: DisplaySetUID) -> Volume | None:
        """The volume of a display set, made on first need if it fits."""
        if uid in self._volumes:
            self._volumes.move_to_end(uid)
            return self._volumes[uid]
        catalogue = self._library.catalogue
        display_set = catalogue.display_set(uid)
        if display_set is None or display_set.kind != "volume" or catalogue.loading:
            return None
        layouts = [self._library.instance(ref.instance_uid) for ref in display_set.frames[:1]]
        if not layouts or layouts[0] is None:
            return None
        size = Volume.size_of(display_set, layouts[0].layout)
        if uid not in dict(self._focus) or size > self._budget:
            return None
        volume = Volume(display_set, layouts[0].layout)
        self._volumes[uid] = volume
        self._used += size
        for key in [key for key in volume.slots if key in self._frames]:
            moved = volume.adopted(key, self._frames[key])
            if moved is not None:
                self._used -= self._frames[key].values.nbytes
                self._frames[key] = moved
        self._make_room()
        return volume

    def _make_room(self) -> None:
        if self._used > self._budget:
            self._complete.clear()
        visible_sets = dict(self._focus)
        for uid in [uid for uid in self._volumes if uid not in visible_sets]:
            if self._used <= self._budget:
                return
            volume = self._volumes.pop(uid)
            for key in volume.filled:
                self._frames.pop(key, None)
            self._used -= volume.values.nbytes
        visible = {self._key(uid, index) for uid, index in self._focus}
        for key in list(self._frames):
            if self._used <= self._budget:
                return
            in_volume = any(key in volume.filled for volume in self._volumes.values())
            if key not in visible and not in_volume:
                self._used -= self._frames.pop(key).values.nbytes

    def _make_thumbnail(self, uid: DisplaySetUID, epoch: int) -> None:
        found = self._library.catalogue.display_set(uid)
        small: Rgb32 | None = None
        if found is not None and found.frames:
            middle = found.count // 2
            key = self._key(uid, middle)
            with self._changed:
                pixels = self._found(key) if key is not None else None
            if pixels is None and key is not None:
                instance = self._library.instance(key[0])
                try:
                    pixels = self._reader.read(instance, key[1]) if instance else None
                except DecodeError as error:
                    pixels = error
            if isinstance(pixels, FramePixels):
                small = thumbnail(pixels, found.pixel_aspect)
        with self._changed:
            if epoch == self._epoch:
                self._thumbnails[uid] = small
