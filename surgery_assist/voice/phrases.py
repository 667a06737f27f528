"""A phrase book: all that can be said in one language, and the machines made from it.

The book knows nothing about the registry: the ranges of numbers come in as plain values, and
ids need not be commands, so any vocabulary can be tried on any recordings.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from hassil.expression import Alternative

from surgery_assist.errors import PhraseError
from surgery_assist.voice.automaton import SPACE, Automaton, Meaning, Network
from surgery_assist.voice.grammar import (
    NumberRanges,
    SlotValue,
    Template,
    TemplateCompiler,
    Vocabulary,
)
from surgery_assist.voice.numbers import NUMBER_LANGUAGES
from surgery_assist.voice.parser import Parser
from surgery_assist.voice.phrase_file import PhraseFile, read_phrase_file, with_site
from surgery_assist.voice.speaker import CarefulSpeaker, CasualSpeaker, Speaker

WAKE_RULE: Final = "wake"
"""Templates name the wake word ``<wake>``, since a hospital may choose another."""

LISTEN_COMMAND: Final = "listen.start"
"""What the wake word alone means; its sentences hold the wake word themselves."""


class Wake(Enum):
    """How the wake word stands before a sentence."""

    ABSENT = "absent"
    """Only sentences as the phrase file has them."""
    OPTIONAL = "optional"
    """Any sentence may follow the wake word, or stand alone."""
    REQUIRED = "required"
    """Asleep: the wake word alone, or before any sentence."""


class PhraseBook:
    """Sentences of one language with the commands that they stand for.

    Parameters
    ----------
    file
        The phrase file.
    language
        ``"ro"`` or ``"en"``: number words and pronunciation.
    ranges
        Range of each number slot, by command id and slot name; 0 to 999 where none is given.
    wake
        Wake word in place of the phrase file's.
    """

    def __init__(
        self,
        file: PhraseFile,
        language: str,
        ranges: Mapping[str, NumberRanges] | None = None,
        wake: str | None = None,
    ) -> None:
        self.language = language
        self._commands = file.commands
        self._ranges = ranges or {}
        self._wake = [Template.parse(wake)] if wake else list(file.wake)
        rules = dict(file.rules)
        if self._wake:
            rules[WAKE_RULE] = Template(
                WAKE_RULE, Alternative(items=[template.expression for template in self._wake])
            )
        self.links = file.links
        self._decoys = file.decoys
        self._afterthoughts = frozenset(words[0] for words in self.links.instead if len(words) == 1)
        self.vocabulary = Vocabulary(
            language, rules, file.lists, file.letters, sorted(self._afterthoughts)
        )
        self._automata: dict[tuple[frozenset[str], Wake], Automaton] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Every command id, in the order of the file."""
        return tuple(self._commands)

    def templates(self, command_id: str) -> Sequence[str]:
        """Templates of a command as they stand in the file."""
        return tuple(template.text for template in self._commands[command_id])

    def add_to(
        self,
        network: Network,
        enabled_ids: Collection[str] | None = None,
        wake: Wake = Wake.ABSENT,
    ) -> None:
        """Add the sentences of some commands (all if ``None``) to a network.

        Raises
        ------
        PhraseError
            If an id has no phrase or a template refers to what is not there.
        """
        enabled = self.ids if enabled_ids is None else enabled_ids
        unknown = set(enabled) - set(self.ids)
        if unknown:
            raise PhraseError("error.phrase_id", name=", ".join(sorted(unknown)))
        start = network.add_state()
        if wake is not Wake.REQUIRED:
            network.add(Network.START, start)
        if wake is not Wake.ABSENT:
            compiler = TemplateCompiler(network, self.vocabulary, {})
            awake = network.add_state()
            network.add(awake, start, SPACE)
            for template in self._wake:
                compiler.add(Network.START, awake, template)
                compiler.add(
                    Network.START, Network.END, template, [Meaning("", "command", LISTEN_COMMAND)]
                )
        for command_id in self.ids:
            if command_id in enabled:
                compiler = TemplateCompiler(
                    network, self.vocabulary, self._ranges.get(command_id, {})
                )
                # The sentences that wake up say the wake word themselves.
                source = Network.START if command_id == LISTEN_COMMAND else start
                for template in self._commands[command_id]:
                    compiler.add(
                        source, Network.END, template, [Meaning("", "command", command_id)]
                    )

    def automaton(
        self, enabled_ids: Collection[str] | None = None, wake: Wake = Wake.ABSENT
    ) -> Automaton:
        """The machine of all sentences of the enabled commands; made once for each choice.

        Raises
        ------
        PhraseError
            If a sentence has two meanings; it is named.
        """
        key = (frozenset(self.ids if enabled_ids is None else enabled_ids), wake)
        if key not in self._automata:
            network = Network()
            self.add_to(network, enabled_ids, wake)
            self._automata[key] = network.compile(self.language)
        return self._automata[key]

    def decoys(self) -> Automaton | None:
        """Words that are heard in place of the commands that they resemble, and mean nothing."""
        if not self._decoys:
            return None
        network = Network()
        compiler = TemplateCompiler(network, self.vocabulary, {})
        for template in self._decoys:
            compiler.add(Network.START, Network.END, template)
        return network.compile(self.language)

    def parser(
        self, enabled_ids: Collection[str] | None = None, wake: Wake = Wake.ABSENT
    ) -> Parser:
        """A strict parser of exactly the sentences of `automaton`."""
        return self.parser_of(self.automaton(enabled_ids, wake))

    @property
    def wake_words(self) -> frozenset[str]:
        """First words of what wakes the program."""
        network = Network()
        for template in self._wake:
            compiler = TemplateCompiler(network, self.vocabulary, {})
            compiler.add(Network.START, Network.END, template)
        return frozenset(network.compile(self.language).states[0].arcs)

    def parser_of(self, automaton: Automaton) -> Parser:
        """A parser of a machine of this book."""
        return Parser(automaton, self._afterthoughts)

    def words(self) -> frozenset[str]:
        """Every word of any sentence, the wake word included."""
        return self.automaton(None, Wake.OPTIONAL).words()

    def examples(self, command_id: str, count: int = 3) -> list[str]:
        """Sentences for help pages: the plainest of each template, first the first."""
        speaker = CarefulSpeaker(self.vocabulary, self._ranges.get(command_id, {}))
        sentences = [speaker.say(template).sentence for template in self._commands[command_id]]
        return list(dict.fromkeys(sentences))[:count]

    def sample(
        self, rng: random.Random, command_id: str | None = None
    ) -> tuple[str, str, dict[str, SlotValue]]:
        """A random correct sentence, its command and slots: for training speech and tests."""
        chosen = rng.choice(self.ids) if command_id is None else command_id
        speaker: Speaker = CasualSpeaker(self.vocabulary, self._ranges.get(chosen, {}), rng)
        said = speaker.say(rng.choice(self._commands[chosen]))
        return said.sentence, chosen, said.slots


def load_phrases(
    path: Path,
    ranges: Mapping[str, NumberRanges] | None = None,
    *,
    language: str | None = None,
    wake: str | None = None,
    site: Path | None = None,
) -> PhraseBook:
    """The phrase book of a file; the language is the file's name unless given.

    Parameters
    ----------
    site
        Phrase file with a site's own words for the same commands; none where it does not exist.

    Raises
    ------
    PhraseError
        If the file can't be read, an entry is wrong, or the language is neither Romanian nor English.
    """
    chosen = language or path.stem
    if chosen not in NUMBER_LANGUAGES:
        raise PhraseError("error.phrase_language", file=path.name)
    file = read_phrase_file(path)
    if site is not None and site.is_file():
        file = with_site(file, read_phrase_file(site))
    return PhraseBook(file, chosen, ranges, wake)
