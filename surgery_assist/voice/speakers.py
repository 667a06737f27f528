"""Adapted packs of single speakers, kept in the user's data folder and nowhere else.

A speaker's pack is the base pack with another last layer. It remembers the hash of the network
that it was made from: after an update of the base it is out of date and must be read again.
"""

import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

from surgery_assist.errors import OutputError, PackError
from surgery_assist.settings import data_dir
from surgery_assist.voice.adaptation import Layer, Trial
from surgery_assist.voice.network import Network
from surgery_assist.voice.nnet3 import write_model
from surgery_assist.voice.packs import MANIFEST, VoicePack, hashes_of, read_pack, sha256_of, verify
from surgery_assist.voice.spelling import fold

_NETWORK: Final = Path("am") / "final.mdl"
_SHARED: Final = ("conf", "graph", "lexicon", "ivector")
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")


def speakers_dir() -> Path:
    """Folder of the adapted packs."""
    return data_dir() / "speakers"


def speakers() -> list[VoicePack]:
    """Adapted packs of all speakers, by name; damaged ones are passed over."""
    found = []
    for root in sorted(speakers_dir().glob("*")):
        try:
            found.append(read_pack(root))
        except PackError:
            continue
    return found


def speaker_pack(name: str, base: VoicePack) -> VoicePack:
    """The pack that was adapted to a speaker.

    Raises
    ------
    PackError
        There is none, it is damaged, or it was made from another network than ``base`` has.
    """
    root = _root_of(name)
    if not root.is_dir():
        raise PackError("error.speaker_unknown", name=name)
    pack = read_pack(root)
    verify(pack)
    if pack.manifest.get("base") != sha256_of(base.root / _NETWORK):
        raise PackError("error.speaker_outdated", name=name)
    return pack


def save_speaker(
    name: str, base: VoicePack, network: Network, layer: Layer, trial: Trial
) -> VoicePack:
    """Keep an adapted pack; one that the speaker had is replaced.

    Raises
    ------
    PackError
        The name has no letter or digit.
    OutputError
        The folder can't be written.
    """
    target = _root_of(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adapting-", dir=target.parent) as temporary:
            draft = Path(temporary) / "pack"
            for folder in _SHARED:
                if (base.root / folder).is_dir():
                    shutil.copytree(base.root / folder, draft / folder)
            (draft / _NETWORK).parent.mkdir(parents=True)
            write_model(network.with_weights(layer.weights, layer.bias), draft / _NETWORK)
            _write_manifest(draft, name, base, trial)
            if target.exists():
                target.rename(Path(temporary) / "replaced")
            draft.rename(target)
    except OSError as error:
        raise OutputError("error.pack_not_written", path=target.parent.name) from error
    return read_pack(target)


def remove_speaker(name: str) -> None:
    """Forget what was learnt from a speaker.

    Raises
    ------
    PackError
        There is nothing.
    OutputError
        It can't be removed.
    """
    root = _root_of(name)
    if not root.is_dir():
        raise PackError("error.speaker_unknown", name=name)
    try:
        shutil.rmtree(root)
    except OSError as error:
        raise OutputError("error.pack_not_written", path=root.parent.name) from error


def _write_manifest(draft: Path, name: str, base: VoicePack, trial: Trial) -> None:
    manifest = {
        **{key: value for key, value in base.manifest.items() if key not in ("files", "accuracy")},
        "speaker": name,
        "base": sha256_of(base.root / _NETWORK),
        "adapted": asdict(trial),
        "files": hashes_of(draft),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (draft / MANIFEST).write_text(text, "utf-8")
    # Only the person who reads aloud and the program need it.
    if os.name == "posix":
        draft.chmod(0o700)


def _root_of(name: str) -> Path:
    slug = _NO_SLUG.sub("-", fold(name).lower()).strip("-")
    if not slug:
        raise PackError("error.pack_name", path=name)
    return speakers_dir() / slug
