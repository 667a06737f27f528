"""``/v1``: what our own workstations may ask us."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response
from fastapi.responses import FileResponse, StreamingResponse

from usmed_client.errors import RefusedError
from usmed_client.protocol.collections import CollectionReport, CollectionRequest
from usmed_client.protocol.identity import Identity, PatientRecord
from usmed_client.protocol.studies import (
    Collected,
    Instances,
    Patients,
    ReviewDecision,
    ReviewRecord,
    Studies,
)
from usmed_server.core.certificates import Peer
from usmed_server.core.database import aware
from usmed_server.core.serving import caller
from usmed_server.gateway.collection.engine import Engine
from usmed_server.gateway.local import LocalStudies
from usmed_server.gateway.ports import Pacs
from usmed_server.gateway.source.discovery import Discovery


def _workstation(peer: Annotated[Peer, Depends(caller)]) -> str:
    if peer.role != "workstation":
        raise HTTPException(403, "workstations_only")
    return peer.name


_Workstation = Annotated[str, Depends(_workstation)]


def collection_routes(engine: Engine) -> APIRouter:
    """Ask for collections and watch them."""
    router = APIRouter(prefix="/v1/collections")

    @router.post("", status_code=202)
    async def collect(
        request: CollectionRequest,
        by: _Workstation,
        idempotency_key: Annotated[str, Header()] = "",
    ) -> Collected:
        return Collected(id=await engine.request(request, idempotency_key, by))

    @router.get("/{collection_id}")
    async def report(collection_id: str, _by: _Workstation) -> CollectionReport:
        return await engine.report(collection_id)

    @router.get("/{collection_id}/events")
    async def events(collection_id: str, _by: _Workstation) -> StreamingResponse:
        await engine.report(collection_id)  # answers "no such collection" before the stream

        async def stream() -> AsyncIterator[str]:
            async for found in engine.watch(collection_id):
                yield f"data: {found.model_dump_json()}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    @router.post("/{collection_id}/cancel", status_code=204)
    async def cancel(collection_id: str, _by: _Workstation) -> None:
        await engine.cancel(collection_id)

    @router.post("/{collection_id}/retry", status_code=204)
    async def retry(collection_id: str, _by: _Workstation) -> None:
        await engine.retry(collection_id)

    return router


def patient_routes(pacs: Pacs, local: LocalStudies) -> APIRouter:
    """Patients, studies and instances of the local PACS.

    Numbers and names of patients travel in bodies and headers, never in URLs: those end up in
    logs of proxies.
    """
    router = APIRouter(prefix="/v1")

    @router.post("/patients")
    def patients(query: Identity, _by: _Workstation) -> Patients:
        number = query.identifiers[0].value if query.identifiers else ""
        found = pacs.patients(
            patient_id=number, family_name=query.family_name, birth_date=query.birth_date
        )
        return Patients(
            patients=tuple(
                PatientRecord(
                    patient_id=patient.patient_id,
                    name=f"{patient.identity.family_name} {patient.identity.given_name}".strip(),
                    birth_date=patient.identity.birth_date,
                    sex=patient.identity.sex,
                    studies=len(patient.study_uids),
                )
                for patient in found
            )
        )

    @router.post("/studies")
    def studies(query: Identity, _by: _Workstation) -> Studies:
        if not query.identifiers:
            raise RefusedError("patient_unknown")
        return local.studies(query.identifiers[0].value)

    @router.get("/studies/{study_uid}/instances")
    def instances(study_uid: str, _by: _Workstation) -> Instances:
        return local.instances(study_uid)

    @router.get("/instances/{sop_uid}")
    def instance(sop_uid: str, _by: _Workstation) -> Response:
        return FileResponse(local.file(sop_uid), media_type="application/dicom")

    return router


def review_routes(discovery: Discovery) -> APIRouter:
    """Possible matches that wait for a person."""
    router = APIRouter(prefix="/v1/reviews")

    @router.get("")
    def reviews(
        _by: _Workstation, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[ReviewRecord]:
        found = []
        for review in discovery.reviews()[:limit]:
            subject = discovery.subject(review)
            found.append(
                ReviewRecord.model_validate(
                    subject
                    | {"id": review.id, "asking_site": review.asking_site, "at": aware(review.at)}
                )
            )
        return found

    @router.post("/{review_id}", status_code=204)
    async def decide(review_id: str, decision: ReviewDecision, by: _Workstation) -> None:
        await asyncio.to_thread(discovery.decide, review_id, same=decision.same, by=by)

    return router
