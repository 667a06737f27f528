"""Golden pictures: what a screen looked like when somebody last looked at it.

``SURGERY_ASSIST_RENEW_GOLDEN=1 pytest tests/ui/test_golden.py`` draws them anew; look at them
before committing.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

RENEW = os.environ.get("SURGERY_ASSIST_RENEW_GOLDEN") == "1"
CLOSE = 32
"""Grey levels that a pixel may differ: letters are smoothed a little differently everywhere."""
FAR_SHARE = 0.004
"""Share of pixels that may differ by more."""
MEAN = 1.5
"""Grey levels that the whole picture may differ by on average."""


def assert_golden(image: QImage, path: Path, failed: Path) -> None:
    """Compare a picture with the golden one; the new one is left at ``failed`` if they differ."""
    if RENEW:
        path.parent.mkdir(exist_ok=True)
        assert image.save(str(path))
        return
    golden = QImage(str(path))
    assert not golden.isNull(), f"{path} is missing"
    assert image.size() == golden.size()
    difference = np.abs(channels(image).astype(int) - channels(golden)).max(axis=2)
    far = float((difference > CLOSE).mean())
    mean = float(difference.mean())
    if far > FAR_SHARE or mean > MEAN:
        image.save(str(failed))
        pytest.fail(f"{path.name}: {far:.2%} of pixels differ, {mean:.2f} on average: {failed}")


def channels(image: QImage) -> NDArray[np.uint8]:
    """``(rows, columns, 4)`` uint8."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    rows, columns = plain.height(), plain.width()
    return np.frombuffer(plain.constBits(), np.uint8).reshape(rows, columns, 4)
