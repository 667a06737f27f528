"""Keeps pydicom from quoting patients in warnings and logs."""

import logging
import warnings


def quiet_pydicom() -> None:
    """Stop pydicom from printing or logging what it meets: it quotes values of patients."""
    import pydicom.config  # noqa: PLC0415  (start-up time)

    warnings.filterwarnings("ignore", module=r"pydicom\..*")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
