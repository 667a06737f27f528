"""Brightness and contrast: VOI windows (DICOM PS3.3 C.11.2)."""

from dataclasses import replace
from typing import Final, Literal

from surgery_assist.commands.change import change, has_image
from surgery_assist.commands.effects import AutoWindow
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.volume_change import tone_volume
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window
from surgery_assist.model.viewport import shown_window

Preset = Literal[
    "lung",
    "bone",
    "soft_tissue",
    "brain",
    "liver",
    "mediastinum",
    "abdomen",
    "vessel",
    "stroke",
]
UpDown = Literal["up", "down"]

PRESETS: Final[dict[str, Window]] = {
    "lung": Window(-600.0, 1500.0),
    "bone": Window(400.0, 1800.0),
    "soft_tissue": Window(50.0, 400.0),
    "brain": Window(40.0, 80.0),
    "liver": Window(70.0, 160.0),
    "mediastinum": Window(50.0, 350.0),
    "abdomen": Window(60.0, 400.0),
    "vessel": Window(300.0, 600.0),
    "stroke": Window(32.0, 8.0),
}
"""Customary CT windows, HU."""

CONTRAST_STEP = 0.8
BRIGHTNESS_STEP = 0.1
MIN_WIDTH = 1.0


def has_hounsfield(session: Session) -> str | None:
    """The image is a CT, so that a preset in HU means something."""
    shown = session.display_set
    if shown is None:
        return "refused.no_image"
    return None if shown.modality == "CT" else "refused.not_ct"


def has_grey(session: Session) -> str | None:
    """The image has grey values to be windowed."""
    shown = session.display_set
    if shown is None:
        return "refused.no_image"
    return "refused.colour_image" if shown.colour else None


@command("window.preset", Risk.VIEW, when=has_hounsfield)
def window_preset(session: Session, preset: Preset) -> Session:
    """Set the customary window for a tissue."""
    return change(session, window=PRESETS[preset])


@command("window.reset", Risk.VIEW, keys=("W",), when=has_grey)
def window_reset(session: Session) -> Session:
    """Go back to the window that the file proposes."""
    return change(session, window=None)


@command("window.auto", Risk.VIEW, keys=("A",), when=has_grey)
def window_auto(session: Session) -> Result:
    """Find a window from the pixels shown."""
    return session, AutoWindow(session.view.active)


@command("window.contrast", Risk.VIEW, when=has_grey)
def window_contrast(session: Session, side: UpDown) -> Result:
    """Raise or lower the contrast."""
    factor = CONTRAST_STEP if side == "up" else 1 / CONTRAST_STEP
    return _adjusted(session, factor, 0.0)


@command("window.brightness", Risk.VIEW, when=has_grey)
def window_brightness(session: Session, side: UpDown) -> Result:
    """Make the image brighter or darker."""
    return _adjusted(session, 1.0, -BRIGHTNESS_STEP if side == "up" else BRIGHTNESS_STEP)


def _adjusted(session: Session, factor: float, shift: float) -> Result:
    if session.viewport.volume is not None:
        return tone_volume(session, factor, shift)
    shown = session.display_set
    window = shown_window(session.viewport, shown) if shown else None
    if window is None:  # only the pixels can tell
        return session, AutoWindow(session.view.active, factor, shift)
    # Brighter means a lower centre, but a higher one where black and white are swapped.
    direction = -1.0 if session.viewport.invert else 1.0
    return change(session, window=adjusted(window, factor, shift * direction))


def adjusted(window: Window, factor: float, shift: float) -> Window:
    """A window with its width multiplied and its centre moved by a share of the width."""
    return Window(window.center + shift * window.width, max(MIN_WIDTH, window.width * factor))


@command("window.drag", Risk.VIEW, when=has_grey, internal=True)
def window_drag(session: Session, center: float, width: float) -> Session:
    """Set centre and width (drag; also what `AutoWindow` before a drag needs)."""
    return change(session, window=Window(center, max(MIN_WIDTH, width)))


@command("window.put", Risk.VIEW, internal=True)
def window_put(session: Session, viewport: int, center: float, width: float) -> Session:
    """Take a window that was found from the pixels of a viewport."""
    if not 0 <= viewport < len(session.view.viewports):
        raise NotPossibleError("refused.no_such_viewport", n=viewport + 1)
    window = Window(center, max(MIN_WIDTH, width))
    return session.with_viewport(replace(session.view.viewports[viewport], window=window), viewport)


@command("invert", Risk.VIEW, keys=("I",), when=has_image)
def invert(session: Session) -> Session:
    """Show black as white and white as black."""
    return change(session, invert=not session.viewport.invert)
