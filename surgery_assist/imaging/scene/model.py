"""One volume made ready to be drawn: its levels, blocks and masks, each made when first needed."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final

from surgery_assist.imaging.scene.caster import Caster
from surgery_assist.imaging.scene.masks import MaskKind, mask_of, masked
from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.volume import (
    Blocks,
    SceneVolume,
    averaged,
    blocks_of,
    factor_for,
    sampled,
)
from surgery_assist.model.volume_view import VolumeView

MOVING_VOXELS: Final = 2_000_000
"""Of the level that is drawn while the volume moves."""
Kinds = frozenset[MaskKind]


class SceneModel:
    """A volume, the level for moving pictures, and what is prepared in the background.

    Parameters
    ----------
    pool
        Where levels, blocks and masks are made.
    ready
        Called in the pool's thread when something has been made.
    """

    def __init__(
        self,
        volume: SceneVolume,
        *,
        hounsfield: bool,
        pool: Executor,
        ready: Callable[[], None],
    ) -> None:
        self.volume = volume
        self.level = sampled(volume, factor_for(volume, MOVING_VOXELS))
        self.blocks: Blocks | None = None
        self._hounsfield = hounsfield
        self._pool = pool
        self._ready = ready
        self._gone = threading.Event()
        self._masks: dict[Kinds, SceneVolume] = {}
        self._masked: dict[Kinds, SceneVolume] = {}
        self._asked: set[Kinds] = set()
        self._prepared: Future[None] = pool.submit(self._prepare)

    def drop(self) -> None:
        """Stop what is being made."""
        self._gone.set()
        self._prepared.cancel()

    @property
    def prepared(self) -> bool:
        """Blocks and the smooth level are there."""
        return self.blocks is not None

    def kinds(self, view: VolumeView, look: Look) -> Kinds:
        """What a view leaves out."""
        if not self._hounsfield:
            return frozenset()
        kinds: set[MaskKind] = set()
        if view.table_removed:
            kinds.add("body")
        if look.inside:
            kinds.add("inside")
        if view.bone_removed:
            kinds.add("no_bone")
        return frozenset(kinds)

    def masked_level(self, kinds: Kinds) -> SceneVolume | None:
        """The moving level without what is left out; ``None`` while that is being made."""
        if not kinds:
            return self.level
        self._ask(kinds)
        return self._masked.get(kinds)

    def caster(self, kinds: Kinds) -> Caster | None:
        """A caster of the whole volume; ``None`` while it can't be had yet."""
        if self.blocks is None:
            return None
        if not kinds:
            return Caster(self.volume, self.blocks)
        self._ask(kinds)
        mask = self._masks.get(kinds)
        return None if mask is None else Caster(self.volume, self.blocks, mask)

    def _ask(self, kinds: Kinds) -> None:
        if kinds not in self._asked:
            self._asked.add(kinds)
            self._pool.submit(self._mask, kinds)

    def _prepare(self) -> None:
        level = averaged(self.volume, factor_for(self.volume, MOVING_VOXELS), self._gone.is_set)
        blocks = blocks_of(self.volume, self._gone.is_set)
        if level is not None and blocks is not None:
            self.level, self.blocks = level, blocks
            self._ready()

    def _mask(self, kinds: Kinds) -> None:
        if self._gone.is_set():
            return
        level = self.level
        mask = mask_of(level, kinds)
        self._masked[kinds] = masked(level, mask)
        self._masks[kinds] = mask
        self._ready()
