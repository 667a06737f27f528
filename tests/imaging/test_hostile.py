"""Broken files: a typed refusal or a picture in bounded time, never anything else."""

import runpy
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.helpers.dicom import ct_slice, save
from tests.imaging.test_isolation import rle_file

FUZZ = runpy.run_path(str(ROOT / "benchmarks" / "fuzz_dicom.py"))
run, mutant = FUZZ["run"], FUZZ["mutant"]
BEYOND = 1_000_000
"""Mutants that no long run has seen."""


def test_mutations_of_small_images(tmp_path):
    import numpy as np

    values = np.arange(48, dtype=np.int16).reshape(8, 6)
    files = [save(ct_slice(), tmp_path / "plain"), rle_file(tmp_path / "rle", values)]
    outcomes, problems = run(files, range(200))
    assert problems == []
    assert outcomes.total() == 200
    assert len(outcomes) > 3  # shown, refused and undecodable: the mutator reaches them all


def test_mutants_are_the_same_in_every_run(tmp_path):
    files = [save(ct_slice(), tmp_path / "plain")]
    assert mutant(7, files) == mutant(7, files)
    assert mutant(7, files) != mutant(8, files)


@pytest.mark.shared
@pytest.mark.slow
def test_mutations_of_real_files(shared_dir):
    files = [path for path in sorted((shared_dir / "dicom").rglob("*")) if path.is_file()]
    _, problems = run(files, range(BEYOND, BEYOND + 300))
    assert problems == []


@pytest.mark.shared
@pytest.mark.slow
def test_hostile_corpus_is_shown_or_refused(shared_dir):
    from surgery_assist.imaging.isolation.reader import SafeReader

    reader = SafeReader()
    try:
        for folder in ("fuzz", "malformed"):
            for path in sorted(Path(shared_dir / "dicom" / folder).iterdir()):
                assert FUZZ["outcome"](reader, path)
        assert reader.quarantine == {}
    finally:
        reader.close()
