"""Starts the demo's programs, says when they are ready, and ends them all."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from usmed_client.api import ClientConfig
from usmed_client.errors import ConfigError, UnreachableError
from usmed_client.protocol.tls import client_context
from usmed_server.demo.faults import Fault, FaultProxy
from usmed_server.demo.people import PATIENTS, expected_instances
from usmed_server.demo.stage import HOSPITALS, Stage, fill_archive, set_up

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 8.0


async def run_demo(folder: Path | None, hospitals: int, faults: Mapping[int, Fault]) -> int:
    """Run until SIGTERM or SIGINT.

    Parameters
    ----------
    folder
        Kept and used again; without one a temporary folder that is removed at the end.

    Raises
    ------
    ConfigError
        Too few or many hospitals, or a fault for one that there is not.
    UnreachableError
        A program does not come up.
    """
    if not 1 <= hospitals <= len(HOSPITALS):
        raise ConfigError("hospitals", f"1 to {len(HOSPITALS)}")
    if any(not 1 <= number <= hospitals for number in faults):
        raise ConfigError("fault", "no such hospital")
    root = folder or Path(tempfile.mkdtemp(prefix="usmed-demo-"))
    processes: dict[str, asyncio.subprocess.Process] = {}
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, ended.set)
    try:
        stage = await asyncio.to_thread(set_up, root, hospitals, set(faults))
        processes["directory"] = await _start("directory", stage.directory)
        for number, config in enumerate(stage.gateways, 1):
            await asyncio.to_thread(fill_archive, config.parent, number)
            processes[f"gateway-{number}"] = await _start("gateway", config)
        for number, fault in faults.items():
            proxy = FaultProxy(stage.ports[number - 1], fault)
            await proxy.start(stage.announced[number - 1])
        await _wait_until_ready(stage)
        _say_ready(stage, processes)
        await ended.wait()
    finally:
        await _stop(processes)
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)
    return 0


async def _start(program: str, config: Path) -> asyncio.subprocess.Process:
    log = (config.parent / f"{program}.log").open("ab")
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "usmed_server", program, "--config", str(config),
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    finally:
        log.close()


async def _wait_until_ready(stage: Stage) -> None:
    """Until every gateway answers and the first one knows all others."""
    config = ClientConfig.load(stage.client)
    context = client_context(config.certificate, config.private_key, config.authority)
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    waiting = set(stage.ports)
    async with httpx.AsyncClient(verify=context) as client:
        while waiting:
            for port in list(waiting):
                try:
                    response = await client.get(f"https://127.0.0.1:{port}/readyz")
                except httpx.TransportError:
                    continue
                if response.is_success and response.json().get("federation") == "ok":
                    waiting.discard(port)
            if asyncio.get_running_loop().time() > deadline:
                raise UnreachableError("demo_not_ready", f"{len(waiting)} gateways")
            await asyncio.sleep(0.1)


def _say_ready(stage: Stage, processes: Mapping[str, asyncio.subprocess.Process]) -> None:
    ready = {
        "ready": True,
        "client_config": str(stage.client),
        "patients": [
            {
                "id": patient.number(1),
                "name": patient.spelling(1),
                "expected_instances": expected_instances(patient),
            }
            for patient in PATIENTS
            if any(study.hospital == 1 for study in patient.studies)
        ],
        "processes": {name: process.pid for name, process in processes.items()},
        "portal": "",
    }
    print(json.dumps(ready, ensure_ascii=False), flush=True)  # noqa: T201


async def _stop(processes: Mapping[str, asyncio.subprocess.Process]) -> None:
    for process in processes.values():
        if process.returncode is None:
            process.terminate()
    for process in processes.values():
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
