"""Keeps pydicom from quoting patients in warnings and logs."""

import logging
import warnings
from threading import Lock
from typing import Final

_IMPORTING: Final = Lock()


def quiet_pydicom() -> None:
    """Stop pydicom from printing or logging what it meets: it quotes values of patients.

    Must come before any other import of pydicom in a thread: its modules import one another in
    circles, and two threads that begin at different ends get half of them.
    """
    with _IMPORTING:
        import pydicom.config  # noqa: PLC0415  (start-up time)

    warnings.filterwarnings("ignore", module=r"pydicom\..*")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
