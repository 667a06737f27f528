"""The only place that knows all layers: builds the program, and takes it apart again.

Nothing here is global. `build_application` makes everything that one running program needs;
`Application.close` ends its threads and windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from surgery_assist.commands.bindings import Bindings, load_bindings
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.gsdf import read_calibration
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.imaging.scene.surfaces import read_surfaces
from surgery_assist.messages import Language
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Control, Session
from surgery_assist.settings import Settings, resources_dir
from surgery_assist.ui.app import create_application
from surgery_assist.ui.ask import QuestionBar
from surgery_assist.ui.empty import EmptyState
from surgery_assist.ui.findings_panel import FindingsPanel
from surgery_assist.ui.fusion import FusionPanes
from surgery_assist.ui.heard_panel import HeardPanel
from surgery_assist.ui.help_panel import HelpPanel
from surgery_assist.ui.hud import Hud
from surgery_assist.ui.images import Images
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.reformat import ReformatPanes
from surgery_assist.ui.report_panel import ReportPanel
from surgery_assist.ui.study_list import StudyList
from surgery_assist.ui.tasks import TaskRunner
from surgery_assist.ui.voice_bridge import VoiceBridge
from surgery_assist.ui.volume import VolumePanes
from surgery_assist.ui.window import MainWindow
from surgery_assist.voice.assembly import microphone
from surgery_assist.voice.audio import AudioSource
from surgery_assist.voice.earcons import Earcons
from surgery_assist.voice.service import VoiceService
from surgery_assist.voice.speech import Speech, build_speech

HELP_EXAMPLES = 2
"""Sentences of each command on the help page."""


@dataclass(frozen=True)
class Application:
    """One running program; a context manager that closes it."""

    settings: Settings
    speech: Speech
    dispatcher: Dispatcher
    library: Library
    images: Images
    tasks: TaskRunner
    window: MainWindow
    hud: Hud
    bridge: VoiceBridge
    volumes: VolumePanes
    planes: ReformatPanes

    @property
    def session(self) -> Session:
        """The Session now."""
        return self.dispatcher.session

    def open(self, paths: Sequence[Path]) -> Outcome:
        """Begin to read files and folders."""
        absolute = tuple(str(path.absolute()) for path in paths)
        return self.dispatcher.dispatch(Invocation("paths.open", {"paths": absolute}))

    def listen(self, source: AudioSource | None = None) -> None:
        """Begin to listen, to the chosen microphone unless another source is given."""
        heard_from = source or microphone(self.settings.voice)
        self.bridge.start(
            VoiceService(self.settings.voice, self.speech.ears, heard_from, self.bridge.post)
        )

    def close(self) -> None:
        """End listening, workers and window."""
        self.bridge.close()
        self.window.close()
        self.tasks.close()
        self.volumes.close()
        self.planes.close()
        self.images.close()
        self.library.close()

    def __enter__(self) -> Self:
        """Nothing more than was built."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def build_application(
    settings: Settings, language: Language | None = None, *, sounds: bool = False
) -> Application:
    """Build the program; nothing is shown, opened or listened to yet.

    Parameters
    ----------
    language
        Of the session, in place of the settings' own.
    sounds
        Play earcons.

    Raises
    ------
    SettingsError
        The key bindings or the screen's calibration are wrong.
    PhraseError
        A phrase file is wrong.
    """
    registry = build_registry()
    bindings = load_bindings(resources_dir() / "bindings" / "default.toml", registry)
    speech = build_speech(settings, registry)
    create_application()
    library = Library()
    library.warm_up()
    calibration = settings.display.calibration
    images = Images(
        lambda on_frame: FrameStore(
            library,
            budget_bytes=settings.memory_mb * 2**20 or None,
            on_frame=on_frame,
        ),
        read_calibration(Path(calibration)) if calibration else None,
    )
    objects = Objects(lambda: ObjectReader(library))
    tasks = TaskRunner(library, images)
    dispatcher = Dispatcher(
        registry,
        Session(control=Control(language=language or settings.language)),
        run_effect=tasks.run,
        confirm_seconds=settings.confirm_seconds,
    )
    window = MainWindow(dispatcher, images, tasks, bindings, settings, objects=objects)
    earcons = Earcons(enabled=sounds and settings.voice.earcons)
    bridge = VoiceBridge(dispatcher, settings.voice, earcons)
    hud = Hud(dispatcher, window.theme, push_to_talk_key=settings.voice.push_to_talk_key)
    volumes = VolumePanes(images, dispatcher, read_surfaces=partial(read_surfaces, library))
    planes = ReformatPanes(images)
    application = Application(
        settings, speech, dispatcher, library, images, tasks, window, hud, bridge, volumes, planes
    )
    _join(application, objects, bindings)
    return application


def _join(application: Application, objects: Objects, bindings: Bindings) -> None:
    """Put the widgets into the window and connect what tells with what shows."""
    window, hud, dispatcher = application.window, application.hud, application.dispatcher
    theme, books = window.theme, application.speech.books
    hud.connect_bridge(application.bridge)
    application.tasks.failed.connect(hud.show_error)
    window.push_to_talk.connect(application.bridge.push_to_talk)
    window.attach_source(FusionPanes(application.images, lambda: window.sources, window))
    window.attach_source(application.volumes)
    window.attach_source(application.planes)
    application.tasks.pick_wanted.connect(application.volumes.pick)
    application.volumes.failed.connect(hud.show_error)
    question = QuestionBar(dispatcher, theme)
    question.expired.connect(lambda: hud.show_note("question.expired"))
    help_panel = HelpPanel(
        dispatcher,
        theme,
        phrases=lambda command_id, language: books[language].examples(command_id, HELP_EXAMPLES),
        keys=bindings.keys_of,
    )
    window.attach_hud(hud)
    window.attach_question(question)
    window.attach_empty(EmptyState(dispatcher, theme))
    studies = StudyList(dispatcher, theme, images=application.images, objects=objects)
    window.attach_panel("studies", studies)
    window.attach_panel("help", help_panel)
    window.attach_panel("heard", HeardPanel(dispatcher, theme))
    window.attach_panel("findings", FindingsPanel(dispatcher, theme))
    window.attach_panel("report", ReportPanel(dispatcher, theme, objects))
