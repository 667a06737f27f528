"""``/healthz`` (alive), ``/readyz`` (can work) and Prometheus ``/metrics``."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Check = Callable[[], str]
"""Empty when well, else the code of what is wrong."""


def health_routes(checks: Mapping[str, Check], registry: CollectorRegistry) -> APIRouter:
    """The three routes; ``/readyz`` answers 503 while any check complains."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    def readyz(response: Response) -> dict[str, str]:
        found = {name: check() or "ok" for name, check in checks.items()}
        if any(value != "ok" for value in found.values()):
            response.status_code = 503
        return found

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
