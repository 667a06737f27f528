"""Collects a patient and reports how it goes."""

import asyncio
from collections.abc import AsyncGenerator

from usmed_client.api import Gateway
from usmed_client.errors import UnreachableError
from usmed_client.protocol.collections import CollectionReport, CollectionRequest, Outcome

_RECONNECT_SECONDS = 1.0


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
