"""What draws here: a graphics card, Mesa's software renderer, or nothing at all."""

import logging
from dataclasses import dataclass
from typing import Any, Final

logger = logging.getLogger(__name__)

SOFTWARE: Final = (
    "llvmpipe",
    "softpipe",
    "swrast",
    "software",
    "swiftshader",
    "gdi generic",
    "basic render",
)
UNKNOWN_MEMORY: Final = 1 << 30
"""Taken for the memory of a graphics card that does not tell."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """The OpenGL of this machine.

    ``name`` is the driver's renderer string, empty without OpenGL; ``texture`` the longest edge of
    a 3D texture, ``memory`` bytes on the card (an assumption where the driver does not tell).
    """

    name: str = ""
    texture: int = 0
    memory: int = 0

    @property
    def usable(self) -> bool:
        """There is an OpenGL that VTK can draw with."""
        return bool(self.name)

    @property
    def hardware(self) -> bool:
        """A graphics card with 3D textures draws, not the processor."""
        name = self.name.lower()
        return self.usable and self.texture >= 256 and not any(soft in name for soft in SOFTWARE)

    def holds(self, shape: tuple[int, ...], itemsize: int) -> bool:
        """Whether a volume fits the card as one 3D texture, with room for the rest."""
        count = itemsize
        for edge in shape:
            count *= edge
        return max(shape) <= self.texture and count <= self.memory * 0.6


def off_screen_window() -> Any:
    """A VTK render window that shows nothing, without noise when there is no X server."""
    from vtkmodules import vtkRenderingOpenGL2, vtkRenderingVolumeOpenGL2  # noqa: PLC0415
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject  # noqa: PLC0415
    from vtkmodules.vtkRenderingCore import vtkRenderWindow  # noqa: PLC0415

    logger.debug("VTK: %s, %s", vtkRenderingOpenGL2.__name__, vtkRenderingVolumeOpenGL2.__name__)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOff()
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(1)
    return window


def probe(window: Any) -> Renderer:
    """What a render window draws with; must be called in its own thread."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkTextureObject  # noqa: PLC0415

    if not window.SupportsOpenGL():
        return Renderer()
    window.SetSize(16, 16)
    window.Render()
    report = window.ReportCapabilities() or ""
    name = next(
        (
            line.split(":", 1)[1].strip()
            for line in report.splitlines()
            if "renderer string" in line
        ),
        "",
    )
    if not name:
        return Renderer()
    texture = int(vtkTextureObject.GetMaximumTextureSize3D(window))
    found = Renderer(name, texture, _card_memory())
    logger.info("volumes are drawn with %s, 3D textures up to %d", found.name, found.texture)
    return found


def _card_memory() -> int:
    from vtkmodules.vtkRenderingCore import vtkGPUInfoList  # noqa: PLC0415

    cards = vtkGPUInfoList()
    cards.Probe()
    sizes = [
        int(cards.GetGPUInfo(i).GetDedicatedVideoMemory()) for i in range(cards.GetNumberOfGPUs())
    ]
    return max([size for size in sizes if size > 0], default=UNKNOWN_MEMORY)
