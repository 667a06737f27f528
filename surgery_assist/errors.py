"""What can go wrong, as one tree.

Every error carries a message key (``resources/translations``) and its arguments, so that a
person reads it in their own language and knows what to do. Arguments never hold patient data.

    SurgeryAssistError
    ├── UsageError                 an option or a value that does not exist        exit code 2
    │   └── SettingsError          the configuration file is wrong
    ├── CommandError               a command can't be done now
    │   ├── UnknownCommandError
    │   ├── SlotError              a value that the command does not take
    │   └── NotPossibleError       its ``when`` says why
    ├── NotUnderstoodError         a sentence that is no command                   exit code 3
    ├── ReadError                  a file that can't be shown
    │   ├── NothingToOpenError     no DICOM there at all                           exit code 4
    │   ├── DecodeError            the pixels can't be had
    │   └── VolumeError            images can't be joined to a volume
    ├── VoiceError
    │   ├── AudioSourceError       no microphone, unplugged, unreadable file
    │   ├── PackError              a voice pack is missing, broken or tampered with
    │   ├── PhraseError            a phrase file is wrong or ambiguous
    │   └── VocabularyError        a word that the pack can't hear
    └── OutputError                a file that can't be written
"""

from typing import ClassVar

from typing_extensions import override


class SurgeryAssistError(Exception):
    """Root of the tree.

    Parameters
    ----------
    key
        Message key, such as ``"error.no_microphone"``.
    **arguments
        Values for the placeholders of the message; never patient data.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, key: str, /, **arguments: object) -> None:
        self.key = key
        self.arguments = arguments
        super().__init__(key)

    @override
    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.key} ({details})" if details else self.key


class UsageError(SurgeryAssistError):
    """An option or a value that does not exist."""

    exit_code = 2


class SettingsError(UsageError):
    """The configuration file is wrong; says where."""


class CommandError(SurgeryAssistError):
    """A command can't be done; the Session stays as it was."""

    exit_code = 3


class UnknownCommandError(CommandError):
    """No command has this id."""


class SlotError(CommandError):
    """A slot is missing, unknown or out of its range."""


class NotPossibleError(CommandError):
    """The command exists, but not in this state (nothing is open, no prior study...)."""


class NotUnderstoodError(SurgeryAssistError):
    """A sentence that is no command."""

    exit_code = 3


class ReadError(SurgeryAssistError):
    """A file can't be shown."""

    exit_code = 4


class NothingToOpenError(ReadError):
    """There is no DICOM under the paths given."""


class DecodeError(ReadError):
    """The header was read, but the pixels can't be had."""


class VolumeError(ReadError):
    """The images of a series can't be joined to a volume, or it does not fit."""


class VoiceError(SurgeryAssistError):
    """Something about microphone, pack or phrases."""


class AudioSourceError(VoiceError):
    """No microphone, unplugged, or an audio file that can't be read."""


class PackError(VoiceError):
    """A voice pack is missing, broken or tampered with."""


class PhraseError(VoiceError):
    """A phrase file is wrong or ambiguous."""


class VocabularyError(VoiceError):
    """A grammar holds a word that the pack can't hear."""


class OutputError(SurgeryAssistError):
    """A file can't be written (no permission, disk full)."""
