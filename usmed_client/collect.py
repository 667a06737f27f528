"""Collects a patient and brings what arrives, as it arrives."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from usmed_client.api import Gateway, in_order
from usmed_client.errors import UnreachableError
from usmed_client.protocol.collections import CollectionReport, CollectionRequest, Outcome
from usmed_client.protocol.studies import InstanceRecord

_RECONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """An instance of a collection, in memory."""

    study_uid: str
    record: InstanceRecord
    data: bytes


async def collect(
    gateway: Gateway, request: CollectionRequest, *, key: str = ""
) -> AsyncGenerator[CollectionReport, None]:
    """Ask for a collection and report until it is complete, partial or cancelled.

    A lost connection to the gateway is taken up again: the gateway goes on meanwhile.
    """
    collection_id = await gateway.request(request, key)
    async for report in follow(gateway, collection_id):
        yield report


async def follow(gateway: Gateway, collection_id: str) -> AsyncGenerator[CollectionReport, None]:
    """Reports of a collection until it has an outcome."""
    lost = 0
    while True:
        try:
            async for report in gateway.events(collection_id):
                lost = 0
                yield report
                if report.outcome is not Outcome.RUNNING:
                    return
        except UnreachableError:
            lost += 1
            if lost > 5:
                raise
        await asyncio.sleep(_RECONNECT_SECONDS)


async def retrieve(
    gateway: Gateway, patient_id: str, have: set[str]
) -> AsyncGenerator[Arrival, None]:
    """All instances of a patient in the local PACS that are not in ``have``; adds to it.

    The newest study comes first, in it the key series.
    """
    for study in await gateway.studies(patient_id):
        found = await gateway.instances(study.study_uid)
        lacking = tuple(record for record in found if record.sop_uid not in have)
        async for record, data in in_order(gateway, lacking):
            have.add(record.sop_uid)
            yield Arrival(study.study_uid, record, data)
