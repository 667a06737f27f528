"""A TCP proxy before a gateway that is slow, cuts connections, or lets nobody through."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from usmed_client.errors import ConfigError

Kind = Literal["none", "slow", "cut", "down"]
_BLOCK: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the way to a site.

    Attributes
    ----------
    kind
        ``slow`` lets ``value`` bytes a second through, ``cut`` cuts every connection after
        ``value`` bytes, ``down`` lets nobody through after ``value`` seconds.
    """

    kind: Kind = "none"
    value: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "tuple[int, Fault]":
        """From ``HOSPITAL=KIND:VALUE``, such as ``2=slow:200000``.

        Raises
        ------
        ConfigError
        """
        try:
            hospital, rest = text.split("=")
            kind, value = rest.split(":")
            if kind not in ("slow", "cut", "down"):
                raise ValueError(kind)  # noqa: TRY301
            return int(hospital), cls(kind, float(value))  # type: ignore[arg-type]
        except ValueError as error:
            raise ConfigError("fault", f"{text}: HOSPITAL=slow|cut|down:VALUE") from error


class FaultProxy:
    """Stands before one gateway's port."""

    def __init__(self, target: int, fault: Fault) -> None:
        self._target = target
        self._fault = fault
        self._started = 0.0
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Listen."""
        self._started = asyncio.get_running_loop().time()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)

    async def stop(self) -> None:
        """Let nobody through any more."""
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        age = asyncio.get_running_loop().time() - self._started
        if self._fault.kind == "down" and age > self._fault.value:
            writer.transport.abort()
            return
        try:
            to_gateway, from_gateway = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        up = asyncio.create_task(self._pump(reader, from_gateway, faulty=False))
        down = asyncio.create_task(self._pump(to_gateway, writer, faulty=True))
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        for task, side in ((up, from_gateway), (down, writer)):
            task.cancel()
            side.transport.abort()
        await asyncio.gather(up, down, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, faulty: bool
    ) -> None:
        passed = 0
        with suppress(ConnectionError):
            while block := await reader.read(_BLOCK):
                if faulty and self._fault.kind == "cut" and passed + len(block) > self._fault.value:
                    return
                if faulty and self._fault.kind == "slow":
                    await asyncio.sleep(len(block) / self._fault.value)
                age = asyncio.get_running_loop().time() - self._started
                if self._fault.kind == "down" and age > self._fault.value:
                    return
                writer.write(block)
                await writer.drain()
                passed += len(block)
