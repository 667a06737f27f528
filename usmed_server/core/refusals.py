"""How errors travel: HTTP status and the error's code, and back into the same error."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from usmed_client.errors import (
    ConfigError,
    IdentityMismatchError,
    IntegrityError,
    ProtocolError,
    RefusedError,
    StoreError,
    UnreachableError,
    UsmedError,
)

_STATUS: Final[tuple[tuple[type[UsmedError], int], ...]] = (
    (RefusedError, 403),
    (IdentityMismatchError, 409),
    (IntegrityError, 422),
    (ProtocolError, 422),
    (UnreachableError, 503),
    (StoreError, 507),
    (ConfigError, 500),
)


def answer_errors(app: FastAPI) -> None:
    """Let the program answer our errors as ``{"code": ...}``; details stay in its log."""

    @app.exception_handler(UsmedError)
    async def usmed_error(_request: Request, error: UsmedError) -> JSONResponse:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
        return JSONResponse({"code": error.code}, status_code=status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Never the value: it may be a patient's.
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        return JSONResponse({"code": "invalid_message", "where": where}, status_code=422)
