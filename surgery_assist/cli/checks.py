"""What `surgery-assist self-test` looks at: each check says what it found, or raises."""

import os
import platform
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgery_assist.settings import Settings, cache_dir, data_dir, models_dir, resources_dir

RESOURCES = (
    "bindings/default.toml",
    "demo/manifest.csv",
    "fonts/Inter-Regular.otf",
    "icons/microphone.svg",
    "lexicon",
    "phrases/en.yaml",
    "phrases/ro.yaml",
    "translations/en.yaml",
    "translations/ro.yaml",
)
_JPEG = "1.2.840.10008.1.2.4."
SYNTAXES = {
    "1.2.840.10008.1.2.5": "RLE",
    _JPEG + "50": "JPEG",
    _JPEG + "70": "JPEG Lossless",
    _JPEG + "80": "JPEG-LS",
    _JPEG + "90": "JPEG 2000",
    _JPEG + "201": "HTJ2K",
    _JPEG + "110": "JPEG XL",
}
SIDE = 16


class CheckError(Exception):
    """Something that the program needs does not work; the text says what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the program; a part that is not ``needed`` only warns."""

    name: str
    needed: bool
    look: Callable[[Settings], str]


def versions(_settings: Settings) -> str:
    """Python, Qt, VTK and the recogniser."""
    from importlib.metadata import version

    from PySide6.QtCore import qVersion

    named = [f"{name} {version(name)}" for name in ("vosk", "vtk", "pydicom", "numpy")]
    return ", ".join([f"Python {platform.python_version()}", f"Qt {qVersion()}", *named])


def resources(_settings: Settings) -> str:
    """Everything that ships beside the code."""
    missing = [name for name in RESOURCES if not (resources_dir() / name).exists()]
    if missing:
        raise CheckError("missing: " + ", ".join(missing))
    return f"{len(RESOURCES)} places"


def folders(_settings: Settings) -> str:
    """The user's folders can be written."""
    for folder in (data_dir(), cache_dir()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    return f"{data_dir()}, {cache_dir()}"


def voice_packs(_settings: Settings) -> str:
    """The bundled pack is whole, file by file."""
    from surgery_assist.voice.packs import installed_packs, verify

    bundled = [pack for pack in installed_packs() if pack.root.is_relative_to(models_dir())]
    if not bundled:
        raise CheckError("no bundled voice pack")
    return ", ".join(f"{pack.name} {pack.version}: {verify(pack)} files" for pack in bundled)


def hearing(settings: Settings) -> str:
    """The recogniser understands recorded sentences of each language."""
    from surgery_assist.voice.evaluate import evaluate
    from surgery_assist.voice.manifest import read_manifest
    from surgery_assist.voice.speech import build_speech

    ears = build_speech(settings).ears()
    heard: dict[str, list[bool]] = {}
    for recording in read_manifest(resources_dir() / "demo" / "manifest.csv"):
        right = evaluate(recording, ears).verdict == "right"
        heard.setdefault(recording.language, []).append(right)
    text = ", ".join(f"{name}: {sum(of)} of {len(of)}" for name, of in sorted(heard.items()))
    if not heard or any(2 * sum(right) < len(right) for right in heard.values()):
        raise CheckError(text)
    return text


def second_opinion(settings: Settings) -> str:
    """Whisper is there, whole, and can be loaded."""
    from surgery_assist.errors import PackError
    from surgery_assist.voice.whisper import choose_opinion

    models = [Path(settings.models)] if settings.models else []
    try:
        opinion = choose_opinion(settings.voice.second_opinion, models, patient=True)
    except PackError as error:
        raise CheckError(str(error)) from error
    if opinion is None:
        raise CheckError("none: Vosk decides alone, more strictly")
    return settings.voice.second_opinion


def microphones(_settings: Settings) -> str:
    """PortAudio starts and lists a microphone."""
    from surgery_assist.voice.portaudio import devices

    found = devices("input")
    if not found:
        raise CheckError("PortAudio works, but there is no microphone")
    return ", ".join(entry.name for entry in found)


def codecs(_settings: Settings) -> str:
    """Each kind of compression gives back the picture that went in."""
    import numpy as np

    from surgery_assist.imaging.codecs import decode
    from surgery_assist.imaging.records import PixelLayout

    picture = (np.add.outer(np.arange(SIDE), np.arange(SIDE)) * 8).astype(np.uint8)
    for syntax, data in _encoded(picture):
        layout = PixelLayout(
            transfer_syntax=syntax,
            offset=0,
            length=None,
            rows=SIDE,
            columns=SIDE,
            frames=1,
            samples=1,
            bits_allocated=8,
            bits_stored=8,
            high_bit=7,
            signed=False,
            planar=False,
            photometric="MONOCHROME2",
        )
        decoded, _ = decode(bytes(data), layout)
        difference = int(np.abs(decoded.astype(int).reshape(SIDE, SIDE) - picture).max())
        if difference > (4 if syntax == _JPEG + "50" else 0):
            raise CheckError(f"{SYNTAXES[syntax]}: pixels differ by {difference}")
    return ", ".join(SYNTAXES.values())


def _encoded(picture: Any) -> Iterator[tuple[str, bytes | bytearray]]:
    import imagecodecs

    yield _JPEG + "50", imagecodecs.jpeg8_encode(picture, level=95)
    yield _JPEG + "70", imagecodecs.ljpeg_encode(picture)
    yield _JPEG + "80", imagecodecs.jpegls_encode(picture)
    yield _JPEG + "90", imagecodecs.jpeg2k_encode(picture, codecformat="j2k", reversible=True)
    yield _JPEG + "201", imagecodecs.htj2k_encode(picture)
    yield _JPEG + "110", imagecodecs.jpegxl_encode(picture, lossless=True)
    # RLE by hand (PS3.5 annex G): literal runs of one row each, one segment.
    rows = b"".join(bytes([SIDE - 1]) + row.tobytes() for row in picture)
    yield "1.2.840.10008.1.2.5", struct.pack("<16L", 1, 64, *[0] * 14) + rows


def window(settings: Settings) -> str:
    """The real window draws a picture off screen."""
    from PySide6.QtGui import QGuiApplication

    from surgery_assist.bootstrap import build_application

    with build_application(settings) as application:
        application.window.resize(640, 360)
        application.window.present(windowed=True)
        if not application.window.wait_settled(20.0):
            raise CheckError("the window does not come to rest")
        image = application.window.screenshot()
        places = ((x, y) for x in range(0, 640, 4) for y in range(0, 360, 4))
        if image.isNull() or len({image.pixel(x, y) for x, y in places}) < 2:
            raise CheckError("the window is empty")
        return f"{image.width()} x {image.height()}, platform {QGuiApplication.platformName()}"


def volume_rendering(_settings: Settings) -> str:
    """VTK draws off screen; names the renderer."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        # Without a screen VTK looks for an X server all the same, and complains.
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (registers the renderer)
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

    target = vtkRenderWindow()
    target.SetOffScreenRendering(1)
    target.SetSize(32, 32)
    target.AddRenderer(vtkRenderer())
    target.Render()
    lines = target.ReportCapabilities().splitlines()
    found = [line.partition(":")[2].strip() for line in lines if "renderer string" in line]
    target.Finalize()
    if not found:
        raise CheckError("no OpenGL")
    return found[0]


CHECKS = (
    Check("versions", needed=True, look=versions),
    Check("resources", needed=True, look=resources),
    Check("folders", needed=True, look=folders),
    Check("voice pack", needed=True, look=voice_packs),
    Check("hearing", needed=True, look=hearing),
    Check("second opinion", needed=False, look=second_opinion),
    Check("microphone", needed=False, look=microphones),
    Check("codecs", needed=True, look=codecs),
    Check("window", needed=True, look=window),
    Check("volume rendering", needed=False, look=volume_rendering),
)
