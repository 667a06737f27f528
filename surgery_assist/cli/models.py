"""``surgery-assist models``: voice packs: list, verify, install, build."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.errors import PackError, UsageError
from surgery_assist.messages import explain, translate
from surgery_assist.settings import root_dir

if TYPE_CHECKING:
    from surgery_assist.voice.packs import VoicePack


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand and its own."""
    parser = subparsers.add_parser(
        "models", help="Voice packs.", description="Voice packs: what the program hears with."
    )
    actions: Subparsers = parser.add_subparsers(
        dest="action", metavar="list|verify|install|build", required=True
    )
    add_subcommand(actions, "list", list_packs, "List the voice packs.")
    add_subcommand(actions, "verify", verify_packs, "Compare every file of every pack.")
    install = add_subcommand(actions, "install", install_pack, "Install a pack or a Vosk model.")
    install.add_argument("source", type=Path, metavar="FILE.zip|DIR")
    build = add_subcommand(actions, "build", build_pack, "Make the bundled pack anew.")
    build.add_argument("--out", type=Path, metavar="DIR", help="where the pack is written")
    build.add_argument("--with-recordings", type=Path, metavar="DIR", help="recordings of people")
    build.add_argument("--quick", action="store_true", help="a small one, to try the recipe")


def list_packs(options: argparse.Namespace) -> int:
    """Print name, version, languages and place of each pack; the first of a language is used."""
    for pack in _packs(options):
        languages = ",".join(pack.languages) or "?"
        print(f"{pack.name:<28} {pack.version or '-':<10} {languages:<8} {pack.root}")
    return 0


def verify_packs(options: argparse.Namespace) -> int:
    """Exit code 1 when a pack is damaged; a model that was not installed has no hashes."""
    from surgery_assist.voice.packs import verify

    language = session_language(options, settings_of(options))
    code = 0
    for pack in _packs(options):
        try:
            found = translate("status.pack_whole", language, count=verify(pack))
        except PackError as error:
            found = explain(error, language)
            code = code if error.key == "error.pack_no_hashes" else 1
        print(f"{pack.name:<28} {found}")
    return code


def _packs(options: argparse.Namespace) -> list["VoicePack"]:
    from surgery_assist.voice.packs import installed_packs

    settings = settings_of(options)
    packs = installed_packs([Path(settings.models)] if settings.models else [])
    if not packs:
        raise PackError("error.pack_missing", language=session_language(options, settings))
    return packs


def install_pack(options: argparse.Namespace) -> int:
    """Copy a pack into the user's folder."""
    from surgery_assist.voice.packs import install

    pack = install(options.source)
    language = session_language(options, settings_of(options))
    print(translate("status.pack_installed", language, name=pack.name, path=pack.root))
    return 0


def build_pack(options: argparse.Namespace) -> int:
    """Run the recipe; it needs its own requirements and lies in the checkout, not in the bundle."""
    import importlib
    import importlib.util
    import sys

    if not (root_dir() / "models" / "recipe" / "__main__.py").is_file():
        raise UsageError("error.no_recipe")
    sys.path.insert(0, str(root_dir()))
    arguments: list[str] = []
    for name, value in (("--out", options.out), ("--with-recordings", options.with_recordings)):
        if value is not None:
            arguments += [name, str(value)]
    if options.quick:
        arguments.append("--quick")
    recipe = importlib.import_module("models.recipe.__main__")
    return int(recipe.main(arguments))
