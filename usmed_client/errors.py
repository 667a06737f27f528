"""Errors of the federation, as one tree.

::

    UsmedError
    ├── ConfigError                     the configuration is missing or wrong
    ├── ProtocolError                   the other side says what the protocol does not know
    │   └── IntegrityError              bytes are not what was announced
    ├── UnreachableError                no answer: network, PACS, gateway
    ├── RefusedError                    the other side understood and says no
    │   └── NoReleaseAuthorityError     nobody was configured who may release data
    ├── IdentityMismatchError           data belong to another patient
    └── StoreError                      the encrypted local store can't be used

``code`` is stable and names the message that programs show in the user's language; ``detail`` is
for technicians and never holds patient data.
"""


class UsmedError(Exception):
    """Base of all errors of the federation.

    Parameters
    ----------
    code
        Stable name, such as ``"unreachable"``.
    detail
        For technicians; never patient data.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class ConfigError(UsmedError):
    """The configuration is missing or wrong."""


class ProtocolError(UsmedError):
    """The other side says what the protocol does not know."""


class IntegrityError(ProtocolError):
    """Bytes are not what was announced: nothing of them is used."""


class UnreachableError(UsmedError):
    """No answer; trying again later may help."""


class RefusedError(UsmedError):
    """The other side understood and says no; trying again does not help."""


class NoReleaseAuthorityError(RefusedError):
    """Nobody is configured who may release data: nothing moves."""


class IdentityMismatchError(UsmedError):
    """Data belong to another patient than the confirmed one."""


class StoreError(UsmedError):
    """The encrypted local store can't be read or written."""
