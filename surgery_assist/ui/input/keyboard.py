"""The keyboard, and foot pedals that act as one."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from surgery_assist.commands.bindings import Bindings
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.ui.input.gesture import next_gesture

_MODIFIER_KEYS = frozenset(
    {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta}
)
_SAME = {"Enter": "Return", "Esc": "Escape", "Del": "Delete"}


class KeyboardInput(QObject):
    """Turns keys of a window into the Invocations that they are bound to.

    A key that is held down repeats in one gesture, which undo takes back at once.
    """

    push_to_talk = Signal(bool)
    """The push-to-talk key went down or up."""

    def __init__(
        self, window: QWidget, dispatcher: Dispatcher, bindings: Bindings, push_to_talk_key: str
    ) -> None:
        super().__init__(window)
        self._window = window
        self._dispatcher = dispatcher
        self._keys = {canonical(key): invocation for key, invocation in bindings.keys.items()}
        self._talk_key = canonical(push_to_talk_key)
        self._talking = False
        self._held = ""
        window.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._window:
            return False
        if isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress:
                return self._pressed(event)
            if event.type() is QEvent.Type.KeyRelease:
                return self._released(event)
        elif event.type() is QEvent.Type.WindowDeactivate:
            # The release will go to another program: the microphone must not stay open.
            self._talk(pressed=False)
        return False

    def press(self, key: str) -> bool:
        """Press and release a key by its name, as a real event.

        Returns
        -------
        bool
            Whether the name is a key that is bound to something.
        """
        sequence = QKeySequence.fromString(canonical(key), QKeySequence.SequenceFormat.PortableText)
        if sequence.count() != 1:
            return False
        combination: QKeyCombination = sequence[0]  # type: ignore[index]  # missing in the stubs
        if combination.key() is Qt.Key.Key_unknown:
            return False
        modifiers = combination.keyboardModifiers()
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(self._window, QKeyEvent(kind, combination.key(), modifiers))
        return canonical(key) in self._keys or canonical(key) == self._talk_key

    def _pressed(self, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIER_KEYS:
            return False
        names = key_names(event)
        if self._talk_key in names:
            if not event.isAutoRepeat():
                self._talk(pressed=True)
            return True
        bound = next((self._keys[name] for name in names if name in self._keys), None)
        if bound is None:
            return False
        self._dispatcher.dispatch(self._repeated(bound, event))
        return True

    def _repeated(self, bound: Invocation, event: QKeyEvent) -> Invocation:
        if not event.isAutoRepeat() or not self._held:
            self._held = next_gesture("key")
        return replace(bound, gesture=self._held)

    def _released(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat() or self._talk_key not in key_names(event):
            return False
        self._talk(pressed=False)
        return True

    def _talk(self, *, pressed: bool) -> None:
        if pressed != self._talking:
            self._talking = pressed
            self.push_to_talk.emit(pressed)


def key_names(event: QKeyEvent) -> tuple[str, ...]:
    """Names that a key may be bound by: with Shift, and without where Shift made the character.

    ``+`` and ``?`` need Shift on some keyboards and none on others.
    """
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    full = _name(event.key(), modifiers)
    shifted = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
    is_letter = Qt.Key.Key_A.value <= event.key() <= Qt.Key.Key_Z.value
    is_sign = Qt.Key.Key_Space.value < event.key() < 0x1000 and not is_letter
    if shifted and is_sign:
        return full, _name(event.key(), modifiers & ~Qt.KeyboardModifier.ShiftModifier)
    return (full,)


def _name(key: int, modifiers: Qt.KeyboardModifier) -> str:
    combination = QKeyCombination(modifiers, Qt.Key(key))
    return canonical(QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText))


def canonical(name: str) -> str:
    """One spelling of a key's name: ``ctrl+esc`` and ``Ctrl+Escape`` are the same key."""
    head, plus, last = name.rpartition("+")
    if name == "+" or name.endswith("++"):
        head, plus, last = name[:-1].rstrip("+"), "+" if len(name) > 1 else "", "+"
    spelt = QKeySequence.fromString(
        f"{head}{plus}{_SAME.get(last, last)}", QKeySequence.SequenceFormat.PortableText
    )
    return spelt.toString(QKeySequence.SequenceFormat.PortableText) or name
