"""What is in memory, and what has to go when there is too much of it.

Not safe for threads: `cache.FrameStore` calls it under its lock.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import Pyramid
from surgery_assist.imaging.records import PixelLayout
from surgery_assist.imaging.volumes import Key, VolumeSource, fitting_step
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import DisplaySetUID

_FULL: Final = 0.95
"""Share of the budget from which on nothing more is loaded in advance."""


@dataclass
class Holding:
    """Frames, volumes and pyramids, and the bytes that they take."""

    budget: int
    used: int = 0
    frames: OrderedDict[Key, FramePixels] = field(default_factory=OrderedDict)
    errors: dict[Key, DecodeError] = field(default_factory=dict)
    volumes: OrderedDict[DisplaySetUID, VolumeSource] = field(default_factory=OrderedDict)
    pyramids: dict[Key, Pyramid] = field(default_factory=dict)

    def find(self, key: Key) -> FramePixels | DecodeError | None:
        """A frame, or why it can't be had."""
        if key in self.frames:
            self.frames.move_to_end(key)
            return self.frames[key]
        return self.errors.get(key)

    def knows(self, key: Key) -> bool:
        """Whether it is here or was tried in vain."""
        return key in self.frames or key in self.errors

    def volume(self, uid: DisplaySetUID) -> VolumeSource | None:
        """A volume that was made before."""
        if uid in self.volumes:
            self.volumes.move_to_end(uid)
        return self.volumes.get(uid)

    def make_volume(self, display_set: DisplaySet, layout: PixelLayout) -> VolumeSource | None:
        """A volume for a display set, reduced if need be, with the frames that are here already."""
        step = fitting_step(VolumeSource.size_of(display_set, layout), self.budget)
        if step is None:
            return None
        volume = VolumeSource(display_set, layout, step)
        self.volumes[display_set.uid] = volume
        self.used += volume.values.nbytes
        for key in volume.places:
            if key in self.frames:
                before = self.frames[key]
                self.frames[key] = volume.take(key, before)
                if volume.holds(key):
                    self.used -= before.values.nbytes
            elif key in self.errors:
                volume.fail(key)
        return volume

    def put(self, uid: DisplaySetUID, key: Key, loaded: FramePixels | DecodeError) -> None:
        """Keep what was loaded."""
        volume = self.volumes.get(uid)
        if isinstance(loaded, DecodeError):
            self.errors[key] = loaded
            if volume is not None:
                volume.fail(key)
            return
        if volume is not None:
            loaded = volume.take(key, loaded)
        if volume is None or not volume.holds(key):
            self.used += loaded.values.nbytes
        self.frames[key] = loaded

    def put_pyramid(self, key: Key, pyramid: Pyramid) -> None:
        """Keep a pyramid as long as its frame."""
        if key in self.frames and key not in self.pyramids:
            self.pyramids[key] = pyramid
            self.used += pyramid.extra_bytes

    @property
    def is_full(self) -> bool:
        """Whether something must go before more is loaded in advance."""
        return self.used >= self.budget * _FULL

    def has_others(self, focused: Collection[Key]) -> bool:
        """Whether there are frames that may be pushed out by what is in focus."""
        return any(key not in focused for key in self.frames)

    def make_room(self, visible: Collection[Key], visible_sets: Collection[DisplaySetUID]) -> bool:
        """Forget what is not visible, volumes first, oldest first; whether anything went."""
        before = self.used
        for uid in [uid for uid in self.volumes if uid not in visible_sets]:
            if self.used <= self.budget:
                break
            self._drop_volume(uid)
        for key in list(self.frames) if self.used > self.budget else ():
            if self.used <= self.budget:
                break
            if key not in visible and not self._is_shared(key):
                self._drop_frame(key)
        return self.used < before

    def bytes_of(self, keys: Iterable[Key]) -> int:
        """What these frames take."""
        found = (self.frames.get(key) for key in keys)
        return sum(pixels.values.nbytes for pixels in found if pixels is not None)

    def clear(self) -> None:
        """Forget everything."""
        for memory in (self.frames, self.errors, self.volumes, self.pyramids):
            memory.clear()
        self.used = 0

    def _is_shared(self, key: Key) -> bool:
        return any(volume.holds(key) for volume in self.volumes.values())

    def _drop_volume(self, uid: DisplaySetUID) -> None:
        volume = self.volumes.pop(uid)
        self.used -= volume.values.nbytes
        for key in volume.places:
            if volume.holds(key) and key in self.frames:
                del self.frames[key]
                self._drop_pyramid(key)

    def _drop_frame(self, key: Key) -> None:
        self.used -= self.frames.pop(key).values.nbytes
        self._drop_pyramid(key)

    def _drop_pyramid(self, key: Key) -> None:
        pyramid = self.pyramids.pop(key, None)
        if pyramid is not None:
            self.used -= pyramid.extra_bytes
