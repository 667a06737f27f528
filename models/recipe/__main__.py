"""``python -m models.recipe``: make the voice pack, stage by stage."""

import argparse
import sys
from pathlib import Path

from models.recipe.config import FULL, KOREAN_SMALL, QUICK, STAGES, RecipeOptions, read_donor
from models.recipe.errors import RecipeError
from models.recipe.launch import has_requirements, run_elsewhere

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe; 0 when the pack is made, 1 when a stage can't go on.

    Where torch and the others are missing, it makes its own environment and runs there.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    try:
        if not has_requirements():
            return run_elsewhere(given, options.cache.resolve())
        return _run(options)
    except RecipeError as error:
        print(f"recipe: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("recipe: stopped; run it again to go on", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> int:
    from models.recipe.stages import Recipe  # noqa: PLC0415  (torch and others)

    recipe = Recipe(
        RecipeOptions(
            cache=options.cache.resolve(),
            out=options.out.resolve(),
            amounts=QUICK if options.quick else FULL,
            seed=options.seed,
            donor=KOREAN_SMALL if options.donor is None else read_donor(options.donor),
            speech_dirs=tuple(path.resolve() for path in options.speech_dir),
            recordings=options.with_recordings,
            people=options.people,
        )
    )
    recipe.run(options.stage)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "models" / "ro-en-command", help="the pack's folder"
    )
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "recipe")
    parser.add_argument("--quick", action="store_true", help="a weaker pack in ten minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", choices=STAGES, default=STAGES[-1], help="stop after this one")
    parser.add_argument(
        "--donor", type=Path, metavar="FILE.json",
        help="another model's lower layers: folder and licence (or package), tap, top",
    )  # fmt: skip
    parser.add_argument(
        "--speech-dir", type=Path, action="append", default=[],
        help="ready Kokoro speech (index.tsv and Ogg files) in place of speaking it again",
    )  # fmt: skip
    parser.add_argument(
        "--with-recordings", type=Path, metavar="DIR",
        help="people's speech that joins training: index.csv with path, transcript, language, speaker",
    )  # fmt: skip
    parser.add_argument(
        "--people", type=Path, metavar="DIR", help="people's speech that only judges"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
