"""The Qt application: one for the process, looking the same on every system."""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from surgery_assist.ui.icons import application_icon
from surgery_assist.ui.theme import Colours, colour, sized_font

TITLE = "Surgery Assist"
"""Of the window and of the program; never followed by patient data."""


def create_application() -> QApplication:
    """The QApplication, made once, dark and without the system's style."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication([TITLE])
    application.setApplicationName("surgery-assist")
    application.setApplicationDisplayName(TITLE)
    application.setStyle("Fusion")
    application.setFont(sized_font(16))
    application.setWindowIcon(application_icon())
    application.setPalette(_palette(Colours()))
    return application


def _palette(colours: Colours) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, token in (
        (roles.Window, colours.background),
        (roles.Base, colours.surface),
        (roles.AlternateBase, colours.raised),
        (roles.Button, colours.raised),
        (roles.Text, colours.text),
        (roles.WindowText, colours.text),
        (roles.ButtonText, colours.text),
        (roles.PlaceholderText, colours.faint),
        (roles.Highlight, colours.accent_dim),
        (roles.HighlightedText, colours.text),
    ):
        palette.setColor(role, colour(token))
    return palette
