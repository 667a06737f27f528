"""What is left out of a volume: the table under the patient, air round the body, large bones.

All work on a small level of the volume, in HU; a mask is 1 where something may be seen.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.arrays import as_numpy, as_vtk_image
from surgery_assist.imaging.scene.volume import SceneVolume

MaskKind = Literal["body", "inside", "no_bone"]
"""Without the table; without the skin too; without large bones."""
Mask = NDArray[np.uint8]
TISSUE_HU: Final = -350.0
BONE_HU: Final = 300.0
"""Cortical bone; vessels full of contrast stay below."""
MARROW_HU: Final = 130.0
MARROW_MM: Final = 11.0
"""How far from cortical bone its marrow is looked for."""
SKIN_MM: Final = 8.0
TABLE_MM: Final = 9.0
"""Plates and blankets are thinner than this; what joins them to the body is cut there."""
LEAST_BONE_MM3: Final = 1000.0


def mask_of(level: SceneVolume, kinds: frozenset[MaskKind]) -> SceneVolume:
    """One mask for all that is to be left out, in the place of the level."""
    values = np.ones(level.values.shape, np.uint8)
    if "body" in kinds:
        values &= body(level)
    if "inside" in kinds:
        inner = body(level) != 0
        for _ in range(1 + max(1, round(SKIN_MM / level.spacing[0]))):
            inner = _eroded(inner)
        values &= inner.astype(np.uint8)
    if "no_bone" in kinds:
        values &= 1 - bones(level)
    return SceneVolume(np.ascontiguousarray(values), level.affine)


def masked(level: SceneVolume, mask: SceneVolume) -> SceneVolume:
    """A copy of the level with air where the mask (of the same shape) leaves something out."""
    values = np.where(mask.values != 0, level.values, level.values.dtype.type(level.least))
    return SceneVolume(np.ascontiguousarray(values), level.affine, level.slope, level.intercept)


def body(level: SceneVolume) -> Mask:
    """1 in the largest body of tissue and in what it encloses in each slice."""
    tissue = level.values > level.stored(TISSUE_HU)
    reach = max(1, round(TABLE_MM / 2 / level.spacing[0]))
    core = tissue
    for _ in range(reach):
        core = _eroded(core)
    core = _regions(core, least=0)
    for _ in range(reach + 1):
        core = _dilated(core)
    core &= tissue
    return _dilated(_enclosed(core)).astype(np.uint8)


def bones(level: SceneVolume) -> Mask:
    """1 in every large piece of cortical bone, in the marrow beside it, and round them."""
    voxel = float(np.prod(level.spacing))
    hard = level.values > level.stored(BONE_HU)
    large = _regions(hard, least=max(8, round(LEAST_BONE_MM3 / voxel)))
    near = level.values > level.stored(MARROW_HU)
    for _ in range(max(1, round(MARROW_MM / level.spacing[0]))):
        large = _dilated(large) & (near | large)
    return _dilated(large).astype(np.uint8)


def _regions(seen: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Connected regions of at least so many voxels; only the largest one where that is 0."""
    from vtkmodules.vtkImagingMorphological import vtkImageConnectivityFilter  # noqa: PLC0415

    regions = vtkImageConnectivityFilter()
    regions.SetInputData(as_vtk_image(np.ascontiguousarray(seen, np.uint8)))
    regions.SetScalarRange(1, 1)
    regions.SetLabelModeToConstantValue()
    regions.SetLabelConstantValue(1)
    if least:
        regions.SetExtractionModeToAllRegions()
        regions.SetSizeRange(least, int(seen.size))
    else:
        regions.SetExtractionModeToLargestRegion()
    regions.Update()
    found = as_numpy(regions.GetOutput().GetPointData().GetScalars())
    result: NDArray[np.bool_] = found.reshape(seen.shape) != 0
    return result


def _dilated(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the four neighbours in each slice."""
    grown = seen.copy()
    grown[:, 1:] |= seen[:, :-1]
    grown[:, :-1] |= seen[:, 1:]
    grown[:, :, 1:] |= seen[:, :, :-1]
    grown[:, :, :-1] |= seen[:, :, 1:]
    return grown


def _eroded(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return ~_dilated(~seen)


def _enclosed(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What has something seen before and behind it along rows and along columns."""
    inside = np.ones_like(seen)
    for axis in (1, 2):
        for way in (slice(None), slice(None, None, -1)):
            view = np.flip(seen, axis) if way.step == -1 else seen
            met = np.logical_or.accumulate(view, axis=axis)
            inside &= np.flip(met, axis) if way.step == -1 else met
    return inside
