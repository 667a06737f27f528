"""The program as a shell calls it, in this process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.study import DisplaySet
from tests.helpers import sessions


@dataclass(frozen=True)
class Run:
    """What a run gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Call the program with arguments."""
    from surgery_assist.__main__ import main

    def call(*arguments: object) -> Run:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Run(code, captured.out, captured.err)

    return call


@pytest.fixture
def dispatcher_of() -> Callable[..., Dispatcher]:
    """A dispatcher with one display set in front; effects go nowhere."""

    def make(entry: DisplaySet | None = None) -> Dispatcher:
        session = sessions.session_with(sessions.study("1", entry or sessions.display_set()))
        return Dispatcher(build_registry(), session, run_effect=lambda _: None)

    return make
