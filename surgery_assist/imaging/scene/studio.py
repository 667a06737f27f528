"""The thread in which volumes are drawn: coarse at once, better while nothing moves.

A wish names a pane and what it shall show; a newer wish of the same pane takes its place, and
work on the old one ends within milliseconds. VTK's scene lives in this thread alone. Where VTK
has no OpenGL, or what it draws is empty although it should not be, the caster draws everything.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.imaging.scene.caster import FINE, Caster
from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.model import SceneModel
from surgery_assist.imaging.scene.picking import pick
from surgery_assist.imaging.scene.presets import look_of
from surgery_assist.imaging.scene.probe import Renderer
from surgery_assist.imaging.scene.stage import Stage
from surgery_assist.imaging.scene.surfaces import Surface, joined
from surgery_assist.imaging.scene.volume import SceneVolume, blocks_of
from surgery_assist.model.units import Vector
from surgery_assist.model.volume_view import VolumeView

logger = logging.getLogger(__name__)

FRAME_SECONDS: Final = 0.08
"""A moving picture shall take no longer."""
LEAST_QUALITY: Final = 0.25
HALF: Final = 0.5
MOST_PIXELS: Final = 700_000
"""Of a picture that the processor makes; larger panes show it enlarged."""
PATIENCE_MS: Final = 3000.0
"""Where half of the rays take longer, that picture is the final one."""
RAYS_PER_VOXEL: Final = 0.7
"""Distance of rays in the final picture, in voxels."""
EMPTY: Final = 0.002
"""Share of pixels with something in them below which a picture is looked at again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a pane shall show; ``shot`` in device pixels.

    ``surfaces`` names objects whose surfaces have been made (`Studio.load_surfaces`).
    """

    uid: str
    view: VolumeView
    shot: Shot
    surfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A picture for a pane. ``stage`` is 0 for what is drawn while moving; ``error`` where there is none."""

    key: int
    wish: Wish
    picture: Picture | None
    stage: int
    final: bool
    ms: float
    error: SurgeryAssistError | None = None


@dataclass(slots=True)
class _Order:
    wish: Wish
    stage: int = 0


class Studio:
    """Takes wishes for pictures from any thread, and gives results in its own.

    Parameters
    ----------
    on_result
        Called in the studio's thread.
    hardware
        Draw with the graphics card; ``None`` where there is one.
    opengl
        ``False`` draws everything on the processor, without OpenGL.
    """

    def __init__(
        self,
        on_result: Callable[[Result], None],
        *,
        hardware: bool | None = None,
        opengl: bool = True,
    ) -> None:
        self.renderer = Renderer()
        self._on_result = on_result
        self._hardware, self._opengl = hardware, opengl
        self._changed = threading.Condition()
        self._orders: OrderedDict[int, _Order] = OrderedDict()
        self._models: dict[str, SceneModel] = {}
        self._surfaces: dict[str, tuple[Surface, ...]] = {}
        self._jobs: list[Callable[[], None]] = []
        self._quality = HALF
        self._closed = False
        self._stage: Stage | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="volume levels")
        self._thread = threading.Thread(target=self._work, name="volumes", daemon=True)
        self._thread.start()

    # --- from other threads -----------------------------------------------------------------

    def offer(self, uid: str, volume: SceneVolume, *, hounsfield: bool) -> None:
        """The voxels of a display set, or newer ones (slices have come)."""
        model = SceneModel(volume, hounsfield=hounsfield, pool=self._pool, ready=self._again)
        with self._changed:
            if uid in self._models:
                self._models[uid].drop()
            self._models[uid] = model
            for order in self._orders.values():
                if order.wish.uid == uid:
                    order.stage = 0
            self._changed.notify_all()

    def load(self, uid: str, make: Callable[[], SceneVolume], *, hounsfield: bool) -> None:
        """Make the voxels of a display set in the background, then offer them."""

        def work() -> None:
            try:
                self.offer(uid, make(), hounsfield=hounsfield)
            except SurgeryAssistError as error:
                self._refuse(uid, error)
            except MemoryError:
                self._refuse(uid, SurgeryAssistError("refused.volume_memory"))

        self._pool.submit(work)

    def load_surfaces(
        self, uid: str, make: Callable[[], tuple[Surface, ...]], done: Callable[[str], None]
    ) -> None:
        """Make the surfaces of an object in the background; ``done`` is called with its UID there.

        What can't be made is no surface: the volume is shown all the same.
        """

        def work() -> None:
            try:
                made = make()
            except (SurgeryAssistError, ValueError, MemoryError) as error:
                logger.warning("no surfaces: %s", type(error).__name__)
                made = ()
            with self._changed:
                self._surfaces[uid] = made
            done(uid)

        self._pool.submit(work)

    def _refuse(self, uid: str, error: SurgeryAssistError) -> None:
        with self._changed:
            refused = [(k, order) for k, order in self._orders.items() if order.wish.uid == uid]
            for _, order in refused:
                order.stage = self._last
        for key, order in refused:
            self._on_result(Result(key, order.wish, None, self._last, True, 0.0, error))

    def wish(self, key: int, wish: Wish) -> None:
        """A pane wants another picture."""
        with self._changed:
            order = self._orders.get(key)
            if order is not None and order.wish == wish:
                return
            self._orders[key] = _Order(wish)
            self._changed.notify_all()

    def drop(self, key: int) -> None:
        """A pane wants no more pictures."""
        with self._changed:
            self._orders.pop(key, None)

    def pick(
        self,
        wish: Wish,
        places: tuple[tuple[float, float], ...],
        done: Callable[[tuple[Vector | None, ...]], None],
    ) -> None:
        """Find the points of the surface under pixels; ``done`` is called in the studio's thread."""

        def job() -> None:
            model = self._models.get(wish.uid)
            if model is None:
                done(tuple(None for _ in places))
                return
            look = look_of(wish.view, model.volume.value_range)
            done(tuple(pick(model.volume, wish.shot, look, place) for place in places))

        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()

    def forget(self) -> None:
        """Drop every voxel (the case is closed)."""
        with self._changed:
            for model in self._models.values():
                model.drop()
            self._models.clear()
            self._surfaces.clear()
            self._orders.clear()
            self._jobs.append(self._forget_stage)
            self._changed.notify_all()

    def close(self) -> None:
        """End the threads."""
        self.forget()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    # --- in the studio's thread -------------------------------------------------------------

    def _again(self) -> None:
        with self._changed:
            for order in self._orders.values():
                order.stage = min(order.stage, 1)
            self._changed.notify_all()

    def _forget_stage(self) -> None:
        if self._stage is not None:
            self._stage.forget()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._jobs and self._next() is None:
                    self._changed.wait()
                if self._closed:
                    break
                jobs, self._jobs = self._jobs, []
                found = self._next()
            for job in jobs:
                job()
            if found is not None and not jobs:
                self._do(*found)
        if self._stage is not None:
            self._stage.close()

    def _next(self) -> tuple[int, _Order, SceneModel] | None:
        """The pane that has waited longest for the poorest picture."""
        ready = [
            (order.stage, key, order, self._models[order.wish.uid])
            for key, order in self._orders.items()
            if order.stage < self._last and order.wish.uid in self._models
        ]
        ready = [entry for entry in ready if entry[0] == 0 or entry[3].prepared]
        if not ready:
            return None
        _, key, order, model = min(ready, key=lambda entry: entry[0])
        return key, order, model

    @property
    def _last(self) -> int:
        return 2 if self._card else 3

    @property
    def _card(self) -> bool:
        return self._stage is not None and self._stage.hardware

    def _do(self, key: int, order: _Order, model: SceneModel) -> None:
        wish, stage = order.wish, order.stage
        begin = time.perf_counter()

        def cancelled() -> bool:
            if self._closed or self._jobs or self._orders.get(key) is not order:
                return True
            return any(other.stage == 0 for other in self._orders.values()) and stage > 0

        error: SurgeryAssistError | None = None
        picture: Picture | None = None
        try:
            picture = self._draw(wish, stage, model, cancelled)
        except Exception as failure:  # whatever a driver does, the pane says so
            logger.exception("a volume could not be drawn: %s", type(failure).__name__)
            error = SurgeryAssistError("error.volume_failed")
        ms = (time.perf_counter() - begin) * 1000.0
        with self._changed:
            if self._orders.get(key) is not order:
                return
            if error is not None:
                order.stage = self._last
            elif picture is not None:
                # Four times as many rays would keep people waiting on such a machine.
                enough = stage == 1 and ms > PATIENCE_MS
                order.stage = self._last if enough else stage + 1
            elif not cancelled():
                order.stage = self._last  # waits for a mask: `_again` brings it back
                return
            else:
                return
        final = order.stage >= self._last
        self._on_result(Result(key, wish, picture, stage, final, ms, error))

    def _draw(
        self, wish: Wish, stage: int, model: SceneModel, cancelled: Callable[[], bool]
    ) -> Picture | None:
        look = look_of(wish.view, model.volume.value_range)
        kinds = model.kinds(wish.view, look)
        if stage == 0:
            return self._moving(wish, model)
        if self._card:
            level = model.masked_level(kinds) if kinds else self._on_card(model)
            if level is None or self._stage is None:
                return None
            surfaces = self._solids(wish)
            return self._stage.picture(level, wish.shot, look, wish.view.mode, surfaces=surfaces)
        caster = model.caster(kinds)
        if caster is None:
            return None
        shot = _bounded(wish.shot).scaled(_worth(wish.shot, model.volume))
        if stage == 1:
            shot = shot.scaled(HALF)
        if wish.view.mode == "mip":
            picture = caster.brightest(shot, look.window, cancelled)
        else:
            picture = caster.shaded(shot, look, cancelled, 1.0 if stage == 1 else FINE)
        surfaces = self._solids(wish)
        if picture is None or not surfaces or not self._opengl or self._stage is None:
            return picture
        return joined(picture, self._stage.surfaces(surfaces, shot))

    def _solids(self, wish: Wish) -> tuple[Surface, ...]:
        return tuple(part for uid in wish.surfaces for part in self._surfaces.get(uid, ()))

    def _moving(self, wish: Wish, model: SceneModel) -> Picture | None:
        """A coarse picture, in time for the next one."""
        look = look_of(wish.view, model.volume.value_range)
        kinds = model.kinds(wish.view, look)
        # While a mask is being made the volume is shown whole, rather than not at all.
        level = model.masked_level(kinds) or model.level
        begin = time.perf_counter()
        picture = None
        if self._opengl:
            picture = self._with_vtk(wish, level)
        if picture is None:
            share = self._quality * HALF
            picture = _cast(level, wish, share)
        self._adapt(time.perf_counter() - begin)
        return picture

    def _with_vtk(self, wish: Wish, level: SceneVolume) -> Picture | None:
        if self._stage is None:
            self._stage = Stage(hardware=self._hardware)
            self.renderer = self._stage.renderer
        if not self.renderer.usable:
            self._opengl = False
            return None
        model = self._models.get(wish.uid)
        look = look_of(wish.view, level.value_range if model is None else model.volume.value_range)
        if self._card and model is not None and level is model.level:
            level = self._on_card(model)
        picture = self._stage.picture(
            level,
            wish.shot,
            look,
            wish.view.mode,
            quality=self._quality,
            surfaces=self._solids(wish),
        )
        if (picture.rgba[..., 3] > 0).mean() < EMPTY:
            proof = _cast(level, wish, 0.1)
            if proof is not None and (proof.rgba[..., 3] > 25).mean() > 4 * EMPTY:
                logger.warning("OpenGL draws nothing: volumes are drawn by the processor")
                self._opengl = False
                return None
        return picture

    def _on_card(self, model: SceneModel) -> SceneVolume:
        """The finest level that the graphics card takes."""
        values = model.volume.values
        fits = self.renderer.holds(values.shape, values.itemsize)
        return model.volume if fits and model.prepared else model.level

    def _adapt(self, seconds: float) -> None:
        if seconds > FRAME_SECONDS:
            self._quality = max(LEAST_QUALITY, self._quality * 0.8)
        elif seconds < FRAME_SECONDS / 2:
            self._quality = min(1.0, self._quality * 1.15)


def _cast(level: SceneVolume, wish: Wish, share: float) -> Picture | None:
    never = _never
    blocks = blocks_of(level, never)
    if blocks is None:
        return None
    caster = Caster(level, blocks)
    shot = _bounded(wish.shot).scaled(share)
    look = look_of(wish.view, level.value_range)
    if wish.view.mode == "mip":
        return caster.brightest(shot, look.window, never, 1.0)
    return caster.shaded(shot, look, never, 1.0)


def _worth(shot: Shot, volume: SceneVolume) -> float:
    """Rays much finer than voxels show nothing more: the share of pixels (each way) that does."""
    voxel = float(np.cbrt(np.prod(volume.spacing)))
    return max(HALF, min(1.0, shot.mm_per_pixel / (RAYS_PER_VOXEL * voxel)))


def _bounded(shot: Shot) -> Shot:
    pixels = shot.width * shot.height
    return shot if pixels <= MOST_PIXELS else shot.scaled(sqrt(MOST_PIXELS / pixels))


def _never() -> bool:
    return False
