"""The VTK scene: one volume in an off-screen window, read back as pixels.

All of it belongs to the one thread that made it. On a graphics card the whole volume is cast by
vtkGPUVolumeRayCastMapper; elsewhere vtkFixedPointVolumeRayCastMapper casts a small level of it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.arrays import as_numpy, as_vtk_image, as_vtk_matrix
from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.probe import Renderer, off_screen_window, probe
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.model.volume_view import CutPlane, VolumeMode


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

    def picture(
        self, volume: SceneVolume, shot: Shot, look: Look, mode: VolumeMode, *, quality: float = 1.0
    ) -> Picture:
        """Draw a level.

        Parameters
        ----------
        quality
            1 for one ray and one sample a pixel and voxel, less for coarser ones.
        """
        actor = self._actor(volume)
        actor.dress(look, mode, shot.cuts, quality)
        self._aim(shot)
        self._window.SetSize(shot.width, shot.height)
        self._window.Render()
        return Picture(self._pixels(shot.width, shot.height))

    def forget(self) -> None:
        """Drop every volume."""
        for actor in self._actors.values():
            self._renderer.RemoveVolume(actor.volume)
        self._actors.clear()

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

    def _aim(self, shot: Shot) -> None:
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        across, down = shot.camera.pan
        axes = shot.axes
        middle = np.asarray(shot.focus) - axes[:, 0] * across - axes[:, 1] * down
        far = 5000.0
        eye = middle - axes[:, 2] * far
        camera.SetFocalPoint(*middle.tolist())
        camera.SetPosition(*eye.tolist())
        camera.SetViewUp(*shot.camera.up)
        camera.SetParallelScale(shot.height * shot.mm_per_pixel / 2)
        camera.SetClippingRange(far - 4000.0, far + 4000.0)

    def _pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray  # noqa: PLC0415

        data = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, data)
        pixels = as_numpy(data).reshape(height, width, 4)
        return np.ascontiguousarray(pixels[::-1])


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
        from vtkmodules.vtkCommonDataModel import vtkPlane  # noqa: PLC0415

        self.mapper.RemoveAllClippingPlanes()
        for cut in cuts:
            plane = vtkPlane()
            plane.SetOrigin(*cut.point)
            plane.SetNormal(*cut.normal)
            self.mapper.AddClippingPlane(plane)


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
