"""What every test stands on: private folders, no screen, and red on anything unexpected."""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SURGERY_ASSIST_SHARED", ROOT.parent / "shared"))
LEAK_PATIENCE_S = 15.0

# Set before anything imports Qt, numpy or our settings: a test never touches the user's folders.
PRIVATE = Path(tempfile.mkdtemp(prefix="surgery-assist-tests-"))
os.environ["SURGERY_ASSIST_DATA"] = str(PRIVATE / "data")
os.environ["SURGERY_ASSIST_CACHE"] = str(PRIVATE / "cache")
os.environ["XDG_CONFIG_HOME"] = str(PRIVATE / "config")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    """Markers of this file."""
    config.addinivalue_line(
        "markers", "expects_log_warnings: the program is right to log a warning here"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first: the bundle is built when everything else has passed."""
    items.sort(key=lambda item: item.get_closest_marker("frozen") is not None)


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(PRIVATE, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Real data lie beside the checkout, or the test says that they do not."""
    if item.get_closest_marker("shared") is not None:
        _require_shared()


def _require_shared() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no real data: {SHARED} does not exist")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real studies and recordings; the test is skipped where they are absent."""
    _require_shared()
    return SHARED


@pytest.fixture(scope="session")
def phantom_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small phantom: CT with a prior study, and two radiographs. Read only."""
    from surgery_assist.imaging.phantom import write_phantom

    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(folder, seed=1, slices=24, size=128)  # an empty folder is filled
    return folder


@pytest.fixture(autouse=True)
def unexpected_log_records(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """A record from WARNING up fails the test, unless it says that it expects one."""
    yield
    if request.node.get_closest_marker("expects_log_warnings") is not None:
        return
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    bad = [f"{r.name}: {r.getMessage()}" for r in records if r.levelno >= 30]
    if bad:
        pytest.fail("unexpected log records:\n" + "\n".join(bad))


@pytest.fixture(autouse=True)
def leaks() -> Iterator[None]:
    """No thread and no window outlives its test."""
    threads = set(threading.enumerate())
    windows = _visible_windows()
    yield
    deadline = time.monotonic() + LEAK_PATIENCE_S
    while (left := _living(threads)) and time.monotonic() < deadline:
        time.sleep(0.01)
    if left:
        pytest.fail(f"threads left running: {left}")
    shown = _visible_windows() - windows
    if shown:
        pytest.fail(f"windows left open: {shown}")


def _living(before: set[threading.Thread]) -> list[str]:
    # Threads that C libraries started show as dummies until Python ends; they can't be judged.
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before
        and thread.is_alive()
        and not isinstance(thread, threading._DummyThread)
    ]


def _visible_windows() -> set[str]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    return {
        f"{type(window).__name__}@{id(window):x}"
        for window in widgets.QApplication.topLevelWidgets()
        if window.isVisible()
    }
