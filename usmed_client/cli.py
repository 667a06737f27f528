"""``usmed``: the federation from a terminal."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Final, TextIO

from usmed_client.api import ClientConfig, Gateway, in_order
from usmed_client.collect import collect
from usmed_client.errors import ConfigError, UsmedError
from usmed_client.protocol.collections import CollectionReport, CollectionRequest, Outcome
from usmed_client.protocol.identity import Identity

CONFIG_VARIABLE: Final = "USMED_CONFIG"
Run = Callable[[Gateway, argparse.Namespace], Coroutine[object, object, int]]


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; 0 when it did what was asked, 1 for an error, 2 for bad usage."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_with_gateway(options))
    except UsmedError as error:
        _say(f"usmed: {error}", sys.stderr)
    except KeyboardInterrupt:
        _say("usmed: stopped; the gateway goes on collecting", sys.stderr)
    return 1


async def _with_gateway(options: argparse.Namespace) -> int:
    path = options.config or os.environ.get(CONFIG_VARIABLE)
    if not path:
        raise ConfigError("config_missing", f"--config FILE or {CONFIG_VARIABLE}")
    async with Gateway(ClientConfig.load(Path(path))) as gateway:
        run: Run = options.run
        return await run(gateway, options)


async def _login(gateway: Gateway, _options: argparse.Namespace) -> int:
    """Look whether the gateway knows this workstation's certificate."""
    await gateway.search(Identity(family_name="-"))
    state = await gateway.ready()
    for part, word in state.items():
        _say(f"{part}: {word}")
    return int(any(word != "ok" for word in state.values()))


async def _patients(gateway: Gateway, options: argparse.Namespace) -> int:
    found = await gateway.search(Identity(family_name=options.name))
    if options.json:
        _say(json.dumps([p.model_dump(mode="json") for p in found], ensure_ascii=False))
        return 0
    for patient in found:
        _say(f"{patient.patient_id}\t{patient.name}\t{patient.birth_date or ''}\t{patient.studies}")
    return 0


async def _collect(gateway: Gateway, options: argparse.Namespace) -> int:
    request = CollectionRequest(patient_id=options.patient)
    if not options.wait:
        collection_id = await gateway.request(request)
        _say(json.dumps({"id": collection_id}) if options.json else collection_id)
        return 0
    last, outcome = "", Outcome.RUNNING
    async with aclosing(collect(gateway, request)) as reports:
        async for report in reports:
            line = json.dumps(_event(report)) if options.json else _line(report)
            if line != last:
                _say(line)
                last = line
            outcome = report.outcome
    return 0 if outcome in (Outcome.COMPLETE, Outcome.NOTHING) else 1


def _event(report: CollectionReport) -> dict[str, object]:
    return {
        "outcome": report.outcome,
        "sites": [
            {
                "site": site.site, "state": site.state, "instances": site.instances,
                "expected": site.expected, "bytes": site.size, "reason": site.reason,
            }
            for site in report.sites
        ],
    }  # fmt: skip


def _line(report: CollectionReport) -> str:
    sites = ", ".join(
        f"{site.name or site.site} {site.state} {site.instances}/{site.expected}"
        + (f" ({site.reason})" if site.reason else "")
        for site in report.sites
    )
    silent = ""
    if report.silent:
        since = min(site.since for site in report.silent).astimezone()
        silent = f", {len(report.silent)} unreachable since {since:%H:%M}"
    answered = f"{report.answered} of {len(report.sites)} sites answered{silent}"
    return f"{report.outcome}: {answered}: {sites}"


async def _studies(gateway: Gateway, options: argparse.Namespace) -> int:
    found = await gateway.studies(options.patient)
    if options.json:
        _say(json.dumps([study.model_dump(mode="json") for study in found], ensure_ascii=False))
        return 0
    for study in found:
        kinds = "/".join(study.modalities)
        _say(
            f"{study.study_uid}\t{study.study_date or ''}\t{kinds}\t{study.instances}\t{study.source}"
        )
    return 0


async def _pull(gateway: Gateway, options: argparse.Namespace) -> int:
    options.to.mkdir(parents=True, exist_ok=True)
    found = await gateway.instances(options.study)
    count = 0
    async with aclosing(in_order(gateway, found)) as files:
        async for record, data in files:
            target = options.to / f"{record.sop_uid}.dcm"
            partial = target.with_suffix(".partial")
            partial.write_bytes(data)
            partial.replace(target)
            count += 1
    _say(f"{count} instances")
    return 0 if count else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="usmed", description=__doc__)
    parser.add_argument("--config", metavar="FILE", help=f"default: ${CONFIG_VARIABLE}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    add("login", _login, "look whether the gateway knows this workstation")
    patients = add("patients", _patients, "patients of the local PACS")
    patients.add_argument("--name", default="", help="beginning of the family name")
    patients.add_argument("--json", action="store_true")
    collected = add("collect", _collect, "bring all that the federation holds of a patient")
    collected.add_argument("--patient", required=True, metavar="ID")
    collected.add_argument("--wait", action="store_true", help="report until it is done")
    collected.add_argument("--json", action="store_true", help="one JSON line an event")
    studies = add("studies", _studies, "studies of a patient in the local PACS")
    studies.add_argument("--patient", required=True, metavar="ID")
    studies.add_argument("--json", action="store_true")
    pull = add("pull", _pull, "files of a study into a folder")
    pull.add_argument("--study", required=True, metavar="UID")
    pull.add_argument("--to", required=True, type=Path, metavar="DIR")
    return parser


def _say(text: str, where: TextIO | None = None) -> None:
    print(text, file=where, flush=True)


if __name__ == "__main__":
    sys.exit(main())
