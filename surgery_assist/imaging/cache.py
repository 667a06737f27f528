"""Loads frames in the background and keeps them within a memory budget.

Worker threads take what is visible first, then thumbnails, then neighbours nearest first; when
the view moves on, work that nobody waits for any more is not begun. A frame that can't be decoded
is remembered as an error of that frame alone. Plain frames are read by these threads, all others
decoded in processes meanwhile.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.holding import Holding
from surgery_assist.imaging.isolation.pool import core_count
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.memory import default_budget
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import Pyramid
from surgery_assist.imaging.render import Rgb32
from surgery_assist.imaging.schedule import Focus, loading_order
from surgery_assist.imaging.thumbnails import thumbnail
from surgery_assist.imaging.volumes import Key, VolumeSource
from surgery_assist.model.grid import grid_of
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import DisplaySetUID

logger = logging.getLogger(__name__)

OnFrame = Callable[[DisplaySetUID, int], None]
THUMBNAIL_READY: Final = -1
_REQUESTS_KEPT: Final = 32
_VOLUMES_ASKED: Final = 4


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to be done by a worker thread."""

    uid: DisplaySetUID
    index: int
    kind: Literal["frame", "thumbnail", "pyramid"] = "frame"


class FrameStore:
    """Frames of all that is open, loaded by demand.

    Parameters
    ----------
    library
        Knows the files, and reads them.
    budget_bytes
        How much decoded pixels may take; ``None`` takes half of the machine's memory.
    on_frame
        Called in a worker thread with ``(display_set_uid, index)`` when a frame (or its error, or
        its pyramid) has arrived, with index -1 when a thumbnail has.
    workers
        Threads; ``None`` takes one per processor.
    """

    def __init__(
        self,
        library: Library,
        budget_bytes: int | None = None,
        on_frame: OnFrame | None = None,
        workers: int | None = None,
    ) -> None:
        self._library = library
        self._on_frame = on_frame
        self._changed = threading.Condition(threading.RLock())
        self._held = Holding(budget_bytes or default_budget())
        self._thumbnails: dict[DisplaySetUID, Rgb32 | None] = {}
        self._focus: tuple[tuple[DisplaySetUID, int], ...] = ()
        self._requests: deque[_Job] = deque(maxlen=_REQUESTS_KEPT)
        self._thumbnail_requests: deque[_Job] = deque()
        self._volumes_asked: deque[DisplaySetUID] = deque(maxlen=_VOLUMES_ASKED)
        self._order: Iterator[tuple[DisplaySetUID, int]] = iter(())
        self._ordered = library.catalogue
        self._complete: set[DisplaySetUID] = set()
        self._busy: set[tuple[str, Key | DisplaySetUID]] = set()
        self._closed = False
        self._epoch = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"frames-{n}", daemon=True)
            for n in range(workers or core_count())
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
            found = self._held.find(key)
            if found is None:
                self._request(_Job(uid, index))
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
            found, epoch = self._held.find(key), self._epoch
        if found is None:
            found = self._load(uid, key)
            with self._changed:
                found = self._keep(_Job(uid, index), key, found, epoch)
        if isinstance(found, DecodeError):
            raise found
        return found

    def loaded(self, uid: DisplaySetUID) -> int:
        """How many frames of a display set are in memory."""
        with self._changed:
            return sum(key in self._held.frames for key in self._keys(uid))

    def loaded_bytes(self, uid: DisplaySetUID) -> int:
        """Bytes of the frames of a display set that are in memory."""
        with self._changed:
            return self._held.bytes_of(self._keys(uid))

    def volume_source(self, uid: DisplaySetUID) -> VolumeSource | None:
        """All slices in one block that fills while they arrive. Never blocks.

        Asking is a request too: the slices are loaded although no pane shows them. ``None`` if it
        lies in no grid, is still being read, or is too large for the budget even when reduced.
        """
        with self._changed:
            if uid not in self._volumes_asked:
                self._volumes_asked.append(uid)
                self._complete.discard(uid)
                self._restart()
            return self._volume_for(uid)

    def pyramid(self, uid: DisplaySetUID, index: int) -> Pyramid | DecodeError | None:
        """A large frame at several sizes; ``None`` while it is being made. Never blocks."""
        found = self.get(uid, index)
        key = self._key(uid, index)
        if key is None or found is None or isinstance(found, DecodeError):
            return found if isinstance(found, DecodeError) else None
        with self._changed:
            made = self._held.pyramids.get(key)
            if made is None:
                self._request(_Job(uid, index, "pyramid"))
            return made

    def thumbnail(self, uid: DisplaySetUID) -> Rgb32 | None:
        """A small picture of the middle frame, or ``None`` while (or because) there is none."""
        with self._changed:
            job = _Job(uid, THUMBNAIL_READY, "thumbnail")
            if uid not in self._thumbnails and job not in self._thumbnail_requests:
                self._thumbnail_requests.append(job)
                self._changed.notify_all()
            return self._thumbnails.get(uid)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until everything wanted is loaded; whether that was so in time (seconds)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._is_idle(), timeout)

    @property
    def used_bytes(self) -> int:
        """Bytes that decoded frames, volumes and pyramids take."""
        return self._held.used

    def clear(self) -> None:
        """Forget all frames, errors and thumbnails (the case is closed)."""
        with self._changed:
            self._epoch += 1
            self._held.clear()
            self._thumbnails.clear()
            self._thumbnail_requests.clear()
            self._volumes_asked.clear()
            self._complete.clear()
            self.focus(())

    def close(self) -> None:
        """Stop the threads; waits for the frames that are being decoded."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    # --- bookkeeping (all under the lock) -------------------------------------------------------

    def _key(self, uid: DisplaySetUID, index: int) -> Key | None:
        display_set = self._library.catalogue.display_set(uid)
        if display_set is None or not 0 <= index < display_set.count:
            return None
        ref = display_set.frames[index]
        return ref.instance_uid, ref.frame

    def _keys(self, uid: DisplaySetUID) -> Iterator[Key]:
        display_set = self._library.catalogue.display_set(uid)
        for ref in display_set.frames if display_set else ():
            yield ref.instance_uid, ref.frame

    def _request(self, job: _Job) -> None:
        if job not in self._requests:
            self._requests.appendleft(job)
            self._changed.notify_all()

    def _restart(self) -> None:
        catalogue = self._library.catalogue
        if catalogue is not self._ordered:
            self._complete.clear()
        self._ordered = catalogue
        visible = {uid for uid, _ in self._focus}
        asked = ((uid, 0) for uid in self._volumes_asked if uid not in visible)
        places = []
        for uid, index in chain(self._focus, asked):
            display_set = catalogue.display_set(uid)
            if display_set is not None and uid not in self._complete:
                places.append(Focus(uid, index, display_set.count))
        self._order = loading_order(places)
        self._changed.notify_all()

    def _is_idle(self) -> bool:
        return not self._busy and self._next_job(peek=True) is None

    def _next_job(self, *, peek: bool = False) -> _Job | None:
        for job in chain(self._requests, (_Job(*place) for place in self._focus)):
            if self._is_wanted(job):
                return job
        if self._thumbnail_requests:
            return self._thumbnail_requests[0] if peek else self._thumbnail_requests.popleft()
        return self._next_neighbour(peek=peek)

    def _next_neighbour(self, *, peek: bool) -> _Job | None:
        if self._ordered is not self._library.catalogue:
            self._restart()  # the study has grown since
        skipped, has_room = False, self._has_room()
        for uid, index in self._order:
            job = _Job(uid, index)
            if not self._is_wanted(job):
                continue
            if has_room or self._is_missing_slice(job):
                if peek:
                    self._order = chain(((uid, index),), self._order)
                return job
            skipped = True
        if not skipped:
            self._complete.update(uid for uid, _ in self._focus)
            self._complete.update(self._volumes_asked)
        return None

    def _is_wanted(self, job: _Job) -> bool:
        key = self._key(job.uid, job.index)
        if key is None or (job.kind, key) in self._busy:
            return False
        if job.kind == "pyramid":
            return key in self._held.frames and key not in self._held.pyramids
        return not self._held.knows(key)

    def _is_missing_slice(self, job: _Job) -> bool:
        """A slice of a volume has its room, or (in a reduced one) needs it only for a moment."""
        volume = self._held.volumes.get(job.uid)
        key = self._key(job.uid, job.index)
        place = volume.places.get(key) if volume is not None and key is not None else None
        return volume is not None and place is not None and not volume.loaded[place]

    def _has_room(self) -> bool:
        """Whether a neighbour may be loaded without pushing out others of what is visible."""
        if not self._held.is_full:
            return True
        return self._held.has_others({key for uid, _ in self._focus for key in self._keys(uid)})

    def _volume_for(self, uid: DisplaySetUID) -> VolumeSource | None:
        """The volume of a display set, made on first need if it fits."""
        made = self._held.volume(uid)
        if made is not None:
            return made
        catalogue = self._library.catalogue
        display_set = catalogue.display_set(uid)
        if display_set is None or catalogue.loading or not self._is_volume(display_set):
            return None
        first = self._library.instance(display_set.frames[0].instance_uid)
        if first is None:
            return None
        volume = self._held.make_volume(display_set, first.layout)
        self._make_room()
        return volume

    def _is_volume(self, display_set: DisplaySet) -> bool:
        """Whether its frames belong into one block: planes may also be cut out of uneven stacks."""
        if display_set.uid in self._volumes_asked:
            return grid_of(display_set) is not None
        return display_set.kind == "volume" and display_set.uid in dict(self._focus)

    def _make_room(self) -> None:
        visible = {self._key(uid, index) for uid, index in self._focus} - {None}
        visible_sets = {*dict(self._focus), *self._volumes_asked}
        if self._held.make_room({key for key in visible if key}, visible_sets):
            self._complete.clear()

    # --- working ------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                job = self._next_job()
                while job is None and not self._closed:
                    self._changed.wait()
                    job = self._next_job()
                if self._closed or job is None:
                    return
                key = self._key(job.uid, job.index) if job.kind != "thumbnail" else job.uid
                if key is None:
                    continue
                self._busy.add((job.kind, key))
                epoch = self._epoch
            try:
                self._do(job, key, epoch)
            finally:
                with self._changed:
                    self._busy.discard((job.kind, key))
                    self._changed.notify_all()

    def _do(self, job: _Job, key: "Key | DisplaySetUID", epoch: int) -> None:
        if not isinstance(key, tuple):
            self._make_thumbnail(job.uid, epoch)
        elif job.kind == "pyramid":
            self._make_pyramid(job, key, epoch)
        else:
            loaded = self._load(job.uid, key)
            with self._changed:
                self._keep(job, key, loaded, epoch)
        if self._on_frame is not None and epoch == self._epoch:
            try:
                self._on_frame(job.uid, job.index)
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
            return self._library.reader.frame(instance, key[1], out=slot)
        except DecodeError as error:
            return error

    def _keep(
        self, job: _Job, key: Key, loaded: FramePixels | DecodeError, epoch: int
    ) -> FramePixels | DecodeError:
        if job in self._requests:
            self._requests.remove(job)
        if epoch != self._epoch:
            return loaded
        found = self._held.find(key)
        if found is None:
            self._held.put(job.uid, key, loaded)
            found = self._held.find(key) or loaded
            self._make_room()
        return found

    def _make_pyramid(self, job: _Job, key: Key, epoch: int) -> None:
        with self._changed:
            full = self._held.frames.get(key)
        made = Pyramid(full) if full is not None else None
        with self._changed:
            if job in self._requests:
                self._requests.remove(job)
            if made is not None and epoch == self._epoch:
                self._held.put_pyramid(key, made)
                self._make_room()

    def _make_thumbnail(self, uid: DisplaySetUID, epoch: int) -> None:
        found = self._library.catalogue.display_set(uid)
        small = self._thumbnail_of(found) if found is not None and found.frames else None
        with self._changed:
            if epoch == self._epoch:
                self._thumbnails[uid] = small

    def _thumbnail_of(self, display_set: DisplaySet) -> Rgb32 | None:
        ref = display_set.frames[display_set.count // 2]
        key = ref.instance_uid, ref.frame
        with self._changed:
            pixels = self._held.find(key)
        if pixels is None:
            instance = self._library.instance(key[0])
            try:
                pixels = self._library.reader.frame(instance, key[1]) if instance else None
            except DecodeError:
                return None
        if not isinstance(pixels, FramePixels):
            return None
        return thumbnail(pixels, display_set.pixel_aspect)
