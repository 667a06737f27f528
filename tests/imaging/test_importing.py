"""Threads that need pydicom for the first time at the same moment do not disturb one another."""

import subprocess
import sys

RACE = """
import sys, threading
from pathlib import Path
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.phantom import write_phantom

folder, library, failed = Path(sys.argv[1]), Library(), []
threading.excepthook = lambda args: failed.append(repr(args.exc_value))
jobs = [
    lambda: list(library.scan([folder])),
    lambda: write_phantom(folder / "demo", slices=2, size=16),
    lambda: list(Library().scan([folder])),
]
threads = [threading.Thread(target=job) for job in jobs]
store = FrameStore(library, workers=2)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
store.close()
print(failed, len(list(library.scan([folder]))[-1].studies))
"""


def test_first_use_from_several_threads(tmp_path):
    for round_number in range(2):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        (folder / "note.txt").write_text("remember the milk, and the bread too")
        result = subprocess.run(
            [sys.executable, "-c", RACE, str(folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert result.stdout.strip() == "[] 3", result.stderr
