"""The drawer with everything that is open: patients, studies, series, and what can't be shown."""

from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QScroller, QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Study
from surgery_assist.model.units import StudyUID
from surgery_assist.ui.drawer import Drawer
from surgery_assist.ui.empty import open_dialog
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.parts import lay_out
from surgery_assist.ui.progress import LoadingBar, RefusedList
from surgery_assist.ui.search import SearchField
from surgery_assist.ui.study_painter import RowPainter, Thumbnails
from surgery_assist.ui.study_rows import ROW_ROLE, Row, RowsModel, rows_of
from surgery_assist.ui.theme import Theme

_STEPS: Final = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 8,
    Qt.Key.Key_PageUp: -8,
    Qt.Key.Key_Home: -(10**6),
    Qt.Key.Key_End: 10**6,
}
_CHOOSE: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StudyList(Drawer):
    """Lists what is open; a tap, a click, Return or a spoken number chooses.

    While it is visible, the arrow keys move through the list instead of the images. Letters go to
    the search field once it has been clicked or Ctrl+F pressed; Escape gives them back.

    Parameters
    ----------
    images
        Gives thumbnails; without it rows have a sign in their place.
    objects
        Knows which images somebody has marked.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        images: Thumbnails | None = None,
        parent: QWidget | None = None,
        *,
        objects: Objects | None = None,
    ) -> None:
        super().__init__(dispatcher, theme, parent)
        self._stale = True
        self._watched: QObject | None = None
        self._objects = objects
        self.model = RowsModel(self)
        self.painter = RowPainter(theme, images, self)
        self.search = SearchField(theme, self)
        self._build(dispatcher)
        if images is not None:
            images.thumbnail_ready.connect(self._thumbnail_ready)
        if objects is not None:
            objects.changed.connect(self._marks_known)
        self.set_theme(theme)

    def _build(self, dispatcher: Dispatcher) -> None:
        self.hint = QLabel()
        self.hint.setProperty("tone", "muted")
        self.hint.setWordWrap(True)
        self.findings_button = self.add_button("warning", 1)
        self.findings_button.clicked.connect(
            lambda: dispatcher.dispatch(Invocation("findings.show", {}, "mouse"))
        )
        self.open_button = self.add_button("folder", 2)
        self.open_button.clicked.connect(lambda: open_dialog(dispatcher, self, folder=True))
        self.search.textChanged.connect(self._refresh)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(self.painter)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.clicked.connect(self._choose)
        QScroller.grabGesture(self.view.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self.loading = LoadingBar(dispatcher, self._theme)
        self.refused = RefusedList(self._theme)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.search)
        self.column.addWidget(self.view, 1)
        self.column.addWidget(self.loading)
        self.column.addWidget(self.refused)

    def show_session(self, before: Session, after: Session) -> None:
        """Follow what is open, what is shown and the language."""
        self._session = after
        unchanged = (
            before is not after
            and before.catalogue is after.catalogue
            and before.control.language == after.control.language
            and before.view.study_uid == after.view.study_uid
            and before.view.segmentation == after.view.segmentation
            and before.viewport == after.viewport
            and before.viewport.display_set == after.viewport.display_set
        )
        if unchanged:
            return
        self._stale = True
        if self.isVisible():
            self._refresh()

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.painter.theme = theme
        for part in (self.loading, self.refused, self.search):
            part.set_theme(theme)
        self.view.doItemsLayout()

    def press(self, key: int) -> bool:
        """Move through the list or choose; whether the key means something here."""
        rows = self.model.rows
        place = self.view.currentIndex().row()
        step = _STEPS.get(Qt.Key(key))
        if step is not None and rows:
            if place < 0:
                place = self._place_of_shown() - step
            self._select(max(0, min(len(rows) - 1, place + step)))
            return True
        if key in _CHOOSE and place >= 0:
            self._choose(self.view.currentIndex())
            return True
        return False

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window's keys, while the list is visible."""
        kinds = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        if event.type() in kinds and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            if event.matches(QKeySequence.StandardKey.Find):
                if event.type() == QEvent.Type.KeyPress:
                    self.search.setFocus()
                event.accept()
                return True
            ours = plain and (event.key() in _STEPS or event.key() in _CHOOSE)
            if ours and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if ours and self.press(event.key()):
                return True
        return super().eventFilter(watched, event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()
        self.view.clearSelection()
        self.view.setCurrentIndex(QModelIndex())
        self.view.scrollTo(self.model.index(self._place_of_shown()))
        self._watched = self.window()
        self._watched.installEventFilter(self)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.search.clear()
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None

    def _refresh(self) -> None:
        self._stale = False
        session, language = self._session, self._session.control.language
        self.title.setText(translate("studies.title", language))
        several = len(session.catalogue.patients) > 1
        hint = "studies.say_patient" if several else "studies.say_study"
        self.hint.setText(translate(hint, language))
        self.hint.setVisible(bool(session.catalogue.studies))
        self.painter.language = language
        self.search.setPlaceholderText(translate("studies.search", language))
        self.search.setVisible(len(session.catalogue.studies) > 1)
        query = self.search.text()
        self.model.show_rows(rows_of(session, query, self._marks))
        self.loading.show_catalogue(session.catalogue, language)
        self.refused.show_session(session)
        lay_out(self)

    def _marks(self, study: Study) -> frozenset[str]:
        return frozenset() if self._objects is None else self._objects.key_images(study)

    def _marks_known(self, uid: str) -> None:
        if self.isVisible() and self._session.catalogue.study(StudyUID(uid)) is not None:
            self._refresh()

    def _choose(self, index: QModelIndex) -> None:
        row: Row | None = index.data(ROW_ROLE)
        invocation = row.invocation() if row is not None else None
        if invocation is not None:
            self._dispatcher.dispatch(invocation)

    def _select(self, place: int) -> None:
        index = self.model.index(place)
        self.view.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.ClearAndSelect
        )
        self.view.scrollTo(index)

    def _place_of_shown(self) -> int:
        return max(0, self.model.place_of(f"series:{self._session.viewport.display_set}"))

    def _thumbnail_ready(self, uid: str) -> None:
        place = self.model.place_of(f"series:{uid}")
        if place >= 0:
            self.view.update(self.model.index(place))
