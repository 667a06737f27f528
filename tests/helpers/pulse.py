"""A private PulseAudio server with one null sink: a room in which tests speak and are heard.

PortAudio reaches it through ALSA's "pulse" device, as on an ordinary Linux desktop.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

SINK = "room"
START_SECONDS = 10.0


def missing_tools() -> str:
    """What PulseAudio tests lack here, empty if nothing."""
    lacking = [tool for tool in ("pulseaudio", "pactl", "paplay") if shutil.which(tool) is None]
    if not any(Path("/usr/lib").rglob("libasound_module_pcm_pulse.so")):
        lacking.append("libasound2-plugins")
    return ", ".join(lacking)


class PulseServer:
    """Starts on entering, ends on leaving.

    `kill` and `start` take the whole server away and bring it back, `pull_out` and `plug_in` the
    device alone.
    """

    def __init__(self, rate: int = 48000, channels: int = 2) -> None:
        # Short: the path of a Unix socket may have 107 characters.
        self._home = Path(tempfile.mkdtemp(prefix="pulse-"))
        self._process: subprocess.Popen[bytes] | None = None
        socket = self._home / "socket"
        runtime = self._home / "run"
        runtime.mkdir(mode=0o700)
        self.environment: Mapping[str, str] = {
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_RUNTIME_PATH": str(runtime),
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_COOKIE": str(self._home / "cookie"),
            "PULSE_SINK": SINK,
            "PULSE_SOURCE": f"{SINK}.monitor",
        }
        self._device = f"module-null-sink sink_name={SINK} rate={rate} channels={channels}"
        self._arguments = [
            "pulseaudio",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--disable-shm=yes",
            "--log-level=error",
            "-n",
            "-L",
            f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
            "-L",
            self._device,
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def all_environment(self) -> dict[str, str]:
        """The environment of a process that is to hear or speak in this room."""
        home = str(self._home)
        return {**os.environ, **self.environment, "HOME": home, "TMPDIR": home}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(
            self._arguments, env=self.all_environment, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            answer = subprocess.run(
                ["pactl", "info"], env=self.all_environment, capture_output=True, check=False
            )
            if answer.returncode == 0:
                return
            time.sleep(0.05)
        self.kill()
        raise RuntimeError("PulseAudio did not start")

    def kill(self) -> None:
        """End the server at once, as if the device were pulled out."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def pull_out(self) -> None:
        """Take the device away; the server goes on."""
        self._control("unload-module", "module-null-sink")

    def plug_in(self) -> None:
        """Bring the device back."""
        self._control("load-module", *self._device.split())

    def _control(self, *arguments: str) -> None:
        subprocess.run(
            ["pactl", *arguments],
            env=self.all_environment,
            check=True,
            capture_output=True,
            timeout=30,
        )

    def play(self, path: Path) -> None:
        """Play a WAV file into the room, to its end."""
        subprocess.run(["paplay", str(path)], env=self.all_environment, check=True, timeout=60)
