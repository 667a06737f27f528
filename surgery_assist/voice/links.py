"""The words that join sentences, and how a graph's machines go on after them."""

from dataclasses import dataclass
from typing import Final

from surgery_assist.voice.automaton import Automaton

LINK_COST: Final = 2.0
"""Of saying a link: a negative natural logarithm."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkWords:
    """What joins sentences in one language.

    Parameters
    ----------
    then
        Do the next one too. It may also begin a sentence, said after a pause.
    instead
        Do the next one in place of the last.
    never
        Ends a sentence of any kind: nothing is done.
    """

    then: tuple[Words, ...] = ()
    instead: tuple[Words, ...] = ()
    never: tuple[Words, ...] = ()

    def spoken(self) -> frozenset[str]:
        """Every word of any link."""
        return frozenset(
            word
            for links in (self.then, self.instead, self.never)
            for words in links
            for word in words
        )


@dataclass(frozen=True, slots=True)
class Links:
    """How the sentences of a graph's machines go on.

    Parameters
    ----------
    joined
        Which of the graph's machines (by index) hold the sentences that may begin a chain.
    ended
        Which hold sentences that `LinkWords.never` may end.
    follower
        Machine of the sentences that may follow.
    words
        What stands between them.
    """

    joined: frozenset[int]
    ended: frozenset[int]
    follower: Automaton
    words: LinkWords
    cost: float = LINK_COST
