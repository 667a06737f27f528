"""The own hospital's gateway, as a workstation uses it. Async, typed, no Qt."""

import asyncio
import tomllib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from usmed_client.errors import ConfigError, ProtocolError, RefusedError, UnreachableError
from usmed_client.protocol.collections import CollectionReport, CollectionRequest
from usmed_client.protocol.identity import Identifier, Identity, PatientRecord
from usmed_client.protocol.message import Message
from usmed_client.protocol.studies import (
    Collected,
    InstanceRecord,
    Instances,
    Patients,
    ReviewDecision,
    ReviewRecord,
    Studies,
    StudyRecord,
)
from usmed_client.protocol.tls import client_context

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 30.0
_EVENTS_SECONDS: Final = 30.0
"""Events come at least every 15 s; a longer silence is a lost connection."""
_REVIEWS: Final = TypeAdapter(list[ReviewRecord])


class ClientConfig(BaseModel):
    """Where the gateway is and who we are; relative paths are relative to the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gateway: str
    certificate: Path
    private_key: Path
    authority: Path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file.

        Raises
        ------
        ConfigError
            It can't be read, a key is unknown or missing.
        """
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigError("config_unreadable", f"{path.name}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError("config_syntax", f"{path.name}: {error}") from error
        folder = path.resolve().parent
        for name in ("certificate", "private_key", "authority"):
            if isinstance(found.get(name), str):
                found[name] = folder / found[name]
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigError("config_value", f"{path.name}: {where}: {first['msg']}") from error


def by_number(patient_id: str) -> Identity:
    """A query for a patient by number."""
    return Identity(identifiers=(Identifier(value=patient_id),))


class Gateway:
    """The gateway. Every call raises `UnreachableError`, `RefusedError` or `ProtocolError`.

    Use it as ``async with Gateway(config) as gateway``.
    """

    def __init__(self, config: ClientConfig) -> None:
        try:
            context = client_context(config.certificate, config.private_key, config.authority)
        except OSError as error:
            raise ConfigError("certificate", error.strerror or type(error).__name__) from error
        self._client = httpx.AsyncClient(
            base_url=config.gateway, verify=context,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            headers={"content-type": "application/json"},
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        """Nothing is connected before the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def ready(self) -> dict[str, str]:
        """What the gateway says of itself: ``ok`` or a code by part."""
        try:
            response = await self._client.get("/readyz")
            found: dict[str, str] = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise UnreachableError("gateway_unreachable", type(error).__name__) from error
        return found

    async def search(self, query: Identity) -> tuple[PatientRecord, ...]:
        """Patients of the local PACS by number, name or birth date."""
        answer = await self._post("/v1/patients", query)
        return Patients.model_validate_json(answer).patients

    async def studies(self, patient_id: str) -> tuple[StudyRecord, ...]:
        """Studies of a patient in the local PACS, newest first."""
        answer = await self._post("/v1/studies", by_number(patient_id))
        return Studies.model_validate_json(answer).studies

    async def instances(self, study_uid: str) -> tuple[InstanceRecord, ...]:
        """Instances of a study that are here now, key series first."""
        answer = await self._get(f"/v1/studies/{study_uid}/instances")
        return Instances.model_validate_json(answer).instances

    async def instance(self, sop_uid: str) -> bytes:
        """The DICOM file of an instance."""
        return await self._get(f"/v1/instances/{sop_uid}")

    async def request(self, request: CollectionRequest, key: str = "") -> str:
        """Ask for a collection; its id. Safe to repeat with the same ``key``."""
        answer = await self._post(
            "/v1/collections", request, {"idempotency-key": key or uuid4().hex}
        )
        return Collected.model_validate_json(answer).id

    async def report(self, collection_id: str) -> CollectionReport:
        """How a collection stands."""
        return CollectionReport.model_validate_json(
            await self._get(f"/v1/collections/{collection_id}")
        )

    async def events(self, collection_id: str) -> AsyncGenerator[CollectionReport, None]:
        """How a collection stands, again and again as something changes; never ends by itself."""
        path = f"/v1/collections/{collection_id}/events"
        timeout = httpx.Timeout(_EVENTS_SECONDS, connect=_CONNECT_SECONDS)
        try:
            async with self._client.stream("GET", path, timeout=timeout) as response:
                if not response.is_success:
                    await response.aread()
                    _raise_for(response)
                async for line in response.aiter_lines():
                    if line.startswith("data: "):
                        yield CollectionReport.model_validate_json(line[6:])
        except httpx.TransportError as error:
            raise UnreachableError("gateway_unreachable", type(error).__name__) from error

    async def cancel(self, collection_id: str) -> None:
        """Ask for nothing more; what arrived stays."""
        await self._post(f"/v1/collections/{collection_id}/cancel")

    async def retry(self, collection_id: str) -> None:
        """Ask silent sites again, now."""
        await self._post(f"/v1/collections/{collection_id}/retry")

    async def reviews(self) -> list[ReviewRecord]:
        """Possible matches that wait for a person."""
        return _REVIEWS.validate_json(await self._get("/v1/reviews"))

    async def decide(self, review_id: str, *, same: bool) -> None:
        """Answer a possible match."""
        await self._post(f"/v1/reviews/{review_id}", ReviewDecision(same=same))

    async def _get(self, path: str) -> bytes:
        return await self._send("GET", path, None, {})

    async def _post(
        self, path: str, message: Message | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        return await self._send("POST", path, message, headers or {})

    async def _send(
        self, method: str, path: str, message: Message | None, headers: dict[str, str]
    ) -> bytes:
        content = message.model_dump_json().encode() if message is not None else None
        try:
            response = await self._client.request(method, path, content=content, headers=headers)
        except httpx.TransportError as error:
            raise UnreachableError("gateway_unreachable", type(error).__name__) from error
        _raise_for(response)
        return response.content


def _raise_for(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        code = str(response.json().get("code", "")) or f"http_{response.status_code}"
    except (ValueError, AttributeError):
        code = f"http_{response.status_code}"
    if response.status_code in (401, 403, 404, 409):
        raise RefusedError(code)
    if response.status_code == 422:
        raise ProtocolError(code)
    raise UnreachableError(code)


async def in_order(
    gateway: Gateway, instances: tuple[InstanceRecord, ...], together: int = 4
) -> AsyncGenerator[tuple[InstanceRecord, bytes], None]:
    """Files of instances in their order, some fetched ahead."""
    tasks: list[asyncio.Task[bytes]] = []
    try:
        for number, record in enumerate(instances):
            while len(tasks) < min(len(instances), number + together):
                tasks.append(asyncio.create_task(gateway.instance(instances[len(tasks)].sop_uid)))
            yield record, await tasks[number]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
