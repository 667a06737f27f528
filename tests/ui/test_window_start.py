"""A fresh process: reader and decoders start together and must not trip over one another."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys, threading
from pathlib import Path
from surgery_assist.imaging.reader import read_file, warm_up
errors = []
def run(work):
    try:
        work()
    except BaseException as error:
        errors.append(repr(error))
works = (warm_up, lambda: read_file(Path(sys.argv[1])), warm_up)
threads = [threading.Thread(target=run, args=(work,)) for work in works]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(errors)
"""


@pytest.mark.slow
def test_threads_that_import_at_once_all_succeed(phantom_dir):
    """pydicom's modules import one another in circles; two threads used to get half of them."""
    path = next(phantom_dir.rglob("*.dcm"), None) or next(
        p for p in phantom_dir.rglob("*") if p.is_file()
    )
    result = subprocess.run(
        [sys.executable, "-c", CODE, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    assert result.stdout.strip() == "[]"
