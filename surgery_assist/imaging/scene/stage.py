"""The VTK scene: one volume in an off-screen window, read back as pixels.

All of it belongs to the one thread that made it. On a graphics card the whole volume is cast by
vtkGPUVolumeRayCastMapper; elsewhere vtkFixedPointVolumeRayCastMapper casts a small level of it.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.arrays import as_numpy, as_vtk_image, as_vtk_matrix
from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.probe import Renderer, off_screen_window, probe
from surgery_assist.imaging.scene.surfaces import Surface
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.model.volume_view import CutPlane, VolumeMode

FAR_MM: Final = 5000.0
"""From the eye to the focus: parallel rays, so any number will do."""
REACH_MM: Final = 4000.0
"""Before and behind the focus."""
KEPT_SURFACES: Final = 64


class Stage:
    """Draws volumes with VTK.

    Parameters
    ----------
    hardware
        Use the graphics card; ``None`` does where there is one.
    """

    def __init__(self, *, hardware: bool | None = None) -> None:
        from vtkmodules.vtkRenderingCore import vtkRenderer  # noqa: PLC0415

        self._window = off_screen_window()
        self._renderer = vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._renderer.SetBackgroundAlpha(0.0)
        self.renderer: Renderer = probe(self._window)
        self.hardware = self.renderer.hardware if hardware is None else hardware
        self._actors: dict[int, _Actor] = {}
        self._solids: dict[int, tuple[Surface, Any]] = {}

    def picture(
        self,
        volume: SceneVolume,
        shot: Shot,
        look: Look,
        mode: VolumeMode,
        *,
        quality: float = 1.0,
        surfaces: tuple[Surface, ...] = (),
    ) -> Picture:
        """Draw a level.

        Parameters
        ----------
        quality
            1 for one ray and one sample a pixel and voxel, less for coarser ones.
        surfaces
            Segments and structures in the volume.
        """
        actor = self._actor(volume)
        actor.dress(look, mode, shot.cuts, quality)
        self._place(surfaces, shot.cuts)
        self._aim(shot)
        self._window.SetSize(shot.width, shot.height)
        self._window.Render()
        return Picture(self._pixels(shot.width, shot.height))

    def surfaces(self, surfaces: tuple[Surface, ...], shot: Shot) -> Picture:
        """Draw surfaces without a volume; the picture has a depth."""
        for actor in self._actors.values():
            actor.volume.SetVisibility(False)
        self._place(surfaces, shot.cuts)
        self._aim(shot)
        self._window.SetSize(shot.width, shot.height)
        self._window.Render()
        return Picture(self._pixels(shot.width, shot.height), self._depth(shot))

    def forget(self) -> None:
        """Drop every volume and surface."""
        for actor in self._actors.values():
            self._renderer.RemoveVolume(actor.volume)
        for _, solid in self._solids.values():
            self._renderer.RemoveActor(solid)
        self._actors.clear()
        self._solids.clear()

    def close(self) -> None:
        """Free what the driver holds."""
        self.forget()
        self._window.Finalize()

    def _actor(self, volume: SceneVolume) -> "_Actor":
        key = id(volume)
        for other, actor in self._actors.items():
            actor.volume.SetVisibility(other == key)
        if key not in self._actors:
            if len(self._actors) >= 4:
                oldest = next(iter(self._actors))
                self._renderer.RemoveVolume(self._actors.pop(oldest).volume)
            self._actors[key] = _Actor(volume, hardware=self.hardware)
            self._renderer.AddVolume(self._actors[key].volume)
        return self._actors[key]

    def _place(self, surfaces: tuple[Surface, ...], cuts: tuple[CutPlane, ...]) -> None:
        """Show these surfaces and no others, cut as the volume is."""
        wanted = {id(surface) for surface in surfaces}
        for key, (_, solid) in self._solids.items():
            solid.SetVisibility(key in wanted)
        for surface in surfaces:
            if id(surface) not in self._solids:
                if len(self._solids) >= KEPT_SURFACES:
                    _, oldest = self._solids.pop(next(iter(self._solids)))
                    self._renderer.RemoveActor(oldest)
                # The surface is kept too, so that no other one gets its identity.
                self._solids[id(surface)] = surface, _solid(surface)
                self._renderer.AddActor(self._solids[id(surface)][1])
            mapper = self._solids[id(surface)][1].GetMapper()
            mapper.RemoveAllClippingPlanes()
            for cut in cuts:
                mapper.AddClippingPlane(_plane(cut))

    def _aim(self, shot: Shot) -> None:
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        across, down = shot.camera.pan
        axes = shot.axes
        middle = np.asarray(shot.focus) - axes[:, 0] * across - axes[:, 1] * down
        eye = middle - axes[:, 2] * FAR_MM
        camera.SetFocalPoint(*middle.tolist())
        camera.SetPosition(*eye.tolist())
        camera.SetViewUp(*shot.camera.up)
        camera.SetParallelScale(shot.height * shot.mm_per_pixel / 2)
        camera.SetClippingRange(FAR_MM - REACH_MM, FAR_MM + REACH_MM)

    def _pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray  # noqa: PLC0415

        data = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, data)
        pixels = as_numpy(data).reshape(height, width, 4)
        return np.ascontiguousarray(pixels[::-1])

    def _depth(self, shot: Shot) -> NDArray[np.float32]:
        """Behind the focus, mm; NaN where nothing is."""
        from vtkmodules.vtkCommonCore import vtkFloatArray  # noqa: PLC0415

        data = vtkFloatArray()
        self._window.GetZbufferData(0, 0, shot.width - 1, shot.height - 1, data)
        share = as_numpy(data).reshape(shot.height, shot.width)[::-1]
        depth = (share * (2 * REACH_MM) - REACH_MM).astype(np.float32)
        depth[share >= 1.0] = np.nan
        return depth


def _solid(surface: Surface) -> Any:
    """A vtkActor of a surface."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray  # noqa: PLC0415
    from vtkmodules.vtkCommonCore import vtkPoints  # noqa: PLC0415
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData  # noqa: PLC0415
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals  # noqa: PLC0415
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper  # noqa: PLC0415

    points, cells = vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(surface.points, deep=True))  # type: ignore[no-untyped-call]
    corners = numpy_to_vtkIdTypeArray(surface.triangles.ravel(), deep=True)  # type: ignore[no-untyped-call]
    cells.SetData(3, corners)
    shape = vtkPolyData()
    shape.SetPoints(points)
    shape.SetPolys(cells)
    normals = vtkPolyDataNormals()
    normals.SetInputData(shape)
    normals.SplittingOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    actor = vtkActor()
    actor.SetMapper(mapper)
    paint = actor.GetProperty()
    paint.SetColor(*(part / 255 for part in surface.colour))
    paint.SetAmbient(0.25)
    paint.SetDiffuse(0.75)
    return actor


def _plane(cut: CutPlane) -> Any:
    """A vtkPlane."""
    from vtkmodules.vtkCommonDataModel import vtkPlane  # noqa: PLC0415

    plane = vtkPlane()
    plane.SetOrigin(*cut.point)
    plane.SetNormal(*cut.normal)
    return plane


class _Actor:
    """One level of a volume with its mapper."""

    def __init__(self, level: SceneVolume, *, hardware: bool) -> None:
        from vtkmodules.vtkRenderingCore import vtkVolume, vtkVolumeProperty  # noqa: PLC0415

        self._level = level
        self._dress: tuple[object, ...] = ()
        self.mapper = _mapper(level, hardware=hardware)
        self._hardware = hardware
        self.properties = vtkVolumeProperty()
        self.properties.SetInterpolationTypeToLinear()
        self.properties.SetScalarOpacityUnitDistance(1.0)
        self.volume = vtkVolume()
        self.volume.SetMapper(self.mapper)
        self.volume.SetProperty(self.properties)
        self.volume.SetUserMatrix(_directions(level))

    def dress(
        self, look: Look, mode: VolumeMode, cuts: tuple[CutPlane, ...], quality: float
    ) -> None:
        """Curves, light, cuts and fineness; only what has changed reaches VTK."""
        wanted = (look, mode, cuts, quality)
        if wanted == self._dress:
            return
        if not self._dress or self._dress[:2] != wanted[:2]:
            self._curves(look, mode)
        if not self._dress or self._dress[2] != cuts:
            self._cut(cuts)
        self._dress = wanted
        way = min(self._level.spacing) / max(quality, 0.1) * (0.75 if quality >= 1 else 1.0)
        self.mapper.SetSampleDistance(way)
        if not self._hardware:
            self.mapper.SetInteractiveSampleDistance(way)
        self.mapper.SetImageSampleDistance(max(1.0, 1.0 / max(quality, 0.1)))

    def _curves(self, look: Look, mode: VolumeMode) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction  # noqa: PLC0415
        from vtkmodules.vtkRenderingCore import vtkColorTransferFunction  # noqa: PLC0415

        opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
        stored = self._level.stored
        if mode == "mip":
            low, high = look.window[0] - look.window[1] / 2, look.window[0] + look.window[1] / 2
            for value, grey in ((low, 0.0), (high, 1.0)):
                opacity.AddPoint(stored(value), grey)
                colour.AddRGBPoint(stored(value), 1.0, 1.0, 1.0)
            self.mapper.SetBlendModeToMaximumIntensity()
            self.properties.ShadeOff()
        else:
            for value, share in look.opacity:
                opacity.AddPoint(stored(value), share)
            for value, (red, green, blue) in look.colour:
                colour.AddRGBPoint(stored(value), red, green, blue)
            self.mapper.SetBlendModeToComposite()
            self.properties.ShadeOn()
        light = look.light
        self.properties.SetAmbient(light.ambient)
        self.properties.SetDiffuse(light.diffuse)
        self.properties.SetSpecular(light.specular)
        self.properties.SetSpecularPower(light.power)
        self.properties.SetScalarOpacity(opacity)
        self.properties.SetColor(colour)

    def _cut(self, cuts: tuple[CutPlane, ...]) -> None:
        self.mapper.RemoveAllClippingPlanes()
        for cut in cuts:
            self.mapper.AddClippingPlane(_plane(cut))


def _mapper(level: SceneVolume, *, hardware: bool) -> Any:
    from vtkmodules.vtkRenderingVolume import (  # noqa: PLC0415
        vtkFixedPointVolumeRayCastMapper,
        vtkGPUVolumeRayCastMapper,
    )

    mapper: Any = vtkGPUVolumeRayCastMapper() if hardware else vtkFixedPointVolumeRayCastMapper()
    mapper.SetInputData(as_vtk_image(level.values, level.spacing))
    mapper.SetAutoAdjustSampleDistances(0)
    return mapper


def _directions(level: SceneVolume) -> Any:
    """From millimetres along the volume's axes to LPS."""
    affine = level.affine.copy()
    affine[:3, :3] /= np.asarray(level.spacing)
    return as_vtk_matrix(affine)
