"""Reads a phrase file: YAML, ``command id: [template, ...]``, both checked with its line.

An entry is a template or a mapping ``{say: template, slots: {rows: 1}, cost: 0.5}``. Keys that begin with
``_`` are no commands: ``_wake`` (the wake word), ``_rules`` (templates by name), ``_letters``
(the spelling alphabet), ``_lists``: for each slot the entries ``{say: template, value: x}``, and
``_links``: what joins sentences, ``then``, ``instead`` and ``never``, each a list of plain words, and
``_decoys``: words that sound like a short command and must not be taken for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

import yaml

from surgery_assist.errors import PhraseError
from surgery_assist.voice.grammar import SlotValue, Template
from surgery_assist.voice.links import LinkWords
from surgery_assist.voice.spelling import split_words

RESERVED: Final = frozenset({"_wake", "_rules", "_lists", "_letters", "_links", "_decoys"})
_INTEGER: Final = re.compile(r"-?\d+")
_DECIMAL: Final = re.compile(r"-?\d+\.\d+")
_ENTRY_KEYS: Final = frozenset({"say", "slots", "value", "cost"})


@dataclass(frozen=True, slots=True)
class PhraseFile:
    """The parsed file, nothing joined up yet."""

    commands: Mapping[str, Sequence[Template]]
    wake: Sequence[Template] = ()
    rules: Mapping[str, Template] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Template]] = field(default_factory=dict)
    letters: Mapping[str, Template] = field(default_factory=dict)
    decoys: Sequence[Template] = ()
    links: LinkWords = field(default_factory=LinkWords)


class _Loader(yaml.BaseLoader):
    """Every scalar is text (``no`` is a word, not false) and no key comes twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            line = key_node.start_mark.line + 1
            raise PhraseError("error.phrase_twice", name=key, line=line)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_phrase_file(path: Path) -> PhraseFile:
    """Read and check a phrase file.

    Raises
    ------
    PhraseError
        If it can't be read, is no YAML, or an entry is not as described above.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise PhraseError("error.phrase_file", file=path.name, reason=str(error)) from error
    except yaml.YAMLError as error:
        raise PhraseError("error.phrase_file", file=path.name, reason=str(error)) from error
    top = _expect_mapping(data, path.name)
    unknown = {key for key in top if key.startswith("_")} - RESERVED
    if unknown:
        raise PhraseError("error.phrase_entry", name=", ".join(sorted(unknown)))
    return PhraseFile(
        commands={
            key: _templates(value, key) for key, value in top.items() if not key.startswith("_")
        },
        wake=_templates(top.get("_wake", []), "_wake"),
        rules=_named_templates(top.get("_rules", {}), "_rules"),
        lists={
            name: _templates(entries, name)
            for name, entries in _expect_mapping(top.get("_lists", {}), "_lists").items()
        },
        letters={
            letter.upper(): template
            for letter, template in _named_templates(top.get("_letters", {}), "_letters").items()
        },
        decoys=_templates(top.get("_decoys", []), "_decoys"),
        links=_links(top.get("_links", {})),
    )


def with_site(base: PhraseFile, site: PhraseFile) -> PhraseFile:
    """A phrase file with what a site adds: more ways to say the same commands.

    Templates and list entries are added, the wake word, rules and letters take the place of ours.

    Raises
    ------
    PhraseError
        The site names a command or list that does not exist.
    """
    unknown = (set(site.commands) - set(base.commands)) | (set(site.lists) - set(base.lists))
    if unknown:
        raise PhraseError("error.phrase_id", name=", ".join(sorted(unknown)))
    return replace(
        base,
        commands={key: [*said, *site.commands.get(key, ())] for key, said in base.commands.items()},
        lists={name: [*said, *site.lists.get(name, ())] for name, said in base.lists.items()},
        wake=site.wake or base.wake,
        rules={**base.rules, **site.rules},
        letters={**base.letters, **site.letters},
        decoys=[*base.decoys, *site.decoys],
    )


def _links(data: object) -> LinkWords:
    kinds = _expect_mapping(data, "_links")
    if set(kinds) - {entry.name for entry in fields(LinkWords)}:
        raise PhraseError("error.phrase_entry", name="_links")
    said = {
        kind: tuple(tuple(split_words(entry.text)) for entry in _templates(entries, "_links"))
        for kind, entries in kinds.items()
    }
    return LinkWords(**said)


def _expect_mapping(data: object, name: str) -> dict[str, object]:
    if not isinstance(data, dict):
        raise PhraseError("error.phrase_entry", name=name)
    return data


def _named_templates(data: object, name: str) -> dict[str, Template]:
    return {key: _template(value, key, key) for key, value in _expect_mapping(data, name).items()}


def _templates(data: object, name: str) -> list[Template]:
    entries = [data] if isinstance(data, str) else data
    if not isinstance(entries, list):
        raise PhraseError("error.phrase_entry", name=name)
    return [_template(entry, name, name) for entry in entries]


def _template(entry: object, name: str, slot: str) -> Template:
    if isinstance(entry, str):
        return Template.parse(entry)
    fields = _expect_mapping(entry, name)
    say, cost = fields.get("say"), fields.get("cost", "0")
    slots = _expect_mapping(fields.get("slots", {}), name)
    if "value" in fields:
        slots = {**slots, slot: fields["value"]}
    if not isinstance(say, str) or not isinstance(cost, str) or set(fields) - _ENTRY_KEYS:
        raise PhraseError("error.phrase_entry", name=name)
    if not (_INTEGER.fullmatch(cost) or _DECIMAL.fullmatch(cost)):
        raise PhraseError("error.phrase_entry", name=name)
    return Template.parse(
        say,
        slots={key: _slot_value(value, name) for key, value in slots.items()},
        cost=float(cost),
    )


def _slot_value(value: object, name: str) -> SlotValue:
    if not isinstance(value, str):
        raise PhraseError("error.phrase_entry", name=name)
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _DECIMAL.fullmatch(value) else value
