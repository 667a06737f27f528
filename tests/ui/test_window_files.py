"""The window on real DICOM files: reader, frame store, decoder and painter together."""

import pytest

from surgery_assist.commands.bindings import load_bindings
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.settings import Settings, resources_dir
from surgery_assist.ui.images import Images
from surgery_assist.ui.tasks import TaskRunner
from surgery_assist.ui.window import MainWindow

pytestmark = pytest.mark.gui


@pytest.fixture
def window(request):
    request.getfixturevalue("qapp")
    library = Library()
    images = Images(lambda on_frame: FrameStore(library, on_frame=on_frame, workers=1))
    tasks = TaskRunner(library, images)
    registry = build_registry()
    bindings = load_bindings(resources_dir() / "bindings" / "default.toml", registry)
    dispatcher = Dispatcher(registry, Session(), run_effect=tasks.run)
    made = MainWindow(dispatcher, images, tasks, bindings, Settings())
    made.resize(1280, 720)
    made.present(windowed=True)
    yield made, dispatcher, images
    made.close()
    made.deleteLater()


def opened(window, *paths):
    made, dispatcher, _ = window
    dispatcher.dispatch(Invocation("paths.open", {"paths": tuple(map(str, paths))}))
    assert made.wait_settled(60)
    return dispatcher.session


def brightness(window) -> float:
    image = window[0].screenshot()
    points = [(x, y) for x in range(400, 880, 20) for y in range(120, 600, 20)]
    return sum(image.pixelColor(x, y).lightness() for x, y in points) / len(points)


def test_the_phantom_is_on_the_screen(window, phantom_dir):
    session = opened(window, phantom_dir)
    assert not session.catalogue.loading
    assert session.catalogue.refused == ()
    assert brightness(window) > 20
    uid = session.viewport.display_set
    assert window[2].shown_window(uid, session.viewport.index) is not None


@pytest.mark.shared
def test_a_real_ct_scrolls_and_comes_back(window, shared_dir):
    session = opened(window, shared_dir / "dicom" / "ct_volume_colon")
    assert session.display_set.count == 100
    first = window[0].screenshot()
    window[1].dispatch(Invocation("image.goto", {"n": 42}))
    assert window[0].wait_settled(20)
    assert window[0].screenshot() != first
    assert brightness(window) > 40
    assert window[0].press("Ctrl+Z")
    assert window[0].wait_settled(20)
    assert window[0].screenshot() == first
