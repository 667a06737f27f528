"""All commands together."""

from surgery_assist.commands import (
    arranging,
    cases,
    fusion,
    listening,
    navigation,
    objects,
    phases,
    planes,
    presentations,
    viewing,
    volumes,
    windowing,
)
from surgery_assist.commands.registry import Registry


def build_registry() -> Registry:
    """The registry that the program runs with."""
    return Registry.from_modules(
        listening,
        cases,
        navigation,
        viewing,
        windowing,
        arranging,
        objects,
        presentations,
        volumes,
        planes,
        phases,
        fusion,
    )
