"""Stage ``graph``: the pack's own decoding graph, all commands of both languages.

The program makes smaller graphs for its own use; this one lets stock Vosk load the pack.
"""

import shutil
from pathlib import Path

from models.recipe.errors import RecipeError
from models.recipe.judge import phrase_books
from surgery_assist.errors import VoiceError
from surgery_assist.settings import resources_dir
from surgery_assist.voice.graph import build_graph
from surgery_assist.voice.lexicon import load_lexicon
from surgery_assist.voice.phrases import Wake


def write_graph(pack: Path, work: Path) -> None:
    """Write ``graph/`` into a pack that has its model and dictionary already.

    Raises
    ------
    RecipeError
        A phrase can't be pronounced, or is ambiguous.
    """
    dictionaries = {"en": pack / "lexicon" / "en.txt.gz"}
    try:
        lexicon = load_lexicon(resources_dir() / "lexicon", dictionaries)
        automata = [book.automaton(None, Wake.OPTIONAL) for book in phrase_books().values()]
        built = build_graph(automata, lexicon, work, pack)
    except VoiceError as error:
        raise RecipeError(f"the graph can't be made: {error}") from error
    shutil.rmtree(pack / "graph", ignore_errors=True)
    shutil.copytree(built / "graph", pack / "graph")
