"""What every route shares: JSON answers, errors as JSON, the token, and the services of the process."""

import hmac
from typing import Annotated, Any, cast
from uuid import UUID

import orjson
import psycopg
from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from starlette.exceptions import HTTPException

from importer.database.results import Page
from importer.errors import ImporterError, ProviderError, UploadRefused
from importer.jobs import JobRefused
from importer.services import Services


class ApiError(Exception):
    """A request that is answered with an error: its HTTP status, a machine-readable code, and a sentence."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def json_answer(content: Any, status: int = 200) -> Response:
    """Answer with JSON; times are ISO 8601, ids are texts."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def error_answer(status: int, code: str, text: str) -> Response:
    """Answer with `{"error": {"code", "text"}}`."""
    return json_answer({"error": {"code": code, "text": text}}, status)


def services_of(request: Request) -> Services:
    """Return the services that `create_app` was given."""
    return cast(Services, request.app.state.services)


async def require_token(request: Request) -> None:
    """Refuse a request without the bearer token, where one is set; the comparison takes constant time."""
    token = services_of(request).settings.api_token
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise ApiError(401, "unauthorized", "this service needs its token: Authorization: Bearer TOKEN")


def page_of(
    limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0, le=2**31)] = 0
) -> Page:
    """Read `limit` and `offset` of a list."""
    return Page(limit, offset)


def job_id_of(job_id: str) -> UUID:
    """Read the job's id of a path; what is no id belongs to no job."""
    try:
        return UUID(job_id)
    except ValueError:
        raise ApiError(404, "unknown_job", "there is no such import") from None


async def on_refusal(_: Request, error: Exception) -> Response:
    """Answer a refusal with its own status, code and text."""
    refused = cast(ApiError | JobRefused | UploadRefused, error)
    return error_answer(refused.status, refused.code, str(refused))


async def on_http_error(_: Request, error: Exception) -> Response:
    """Answer an unknown path or method in our form."""
    known = cast(HTTPException, error)
    code = {404: "not_found", 405: "method_not_allowed"}.get(known.status_code, "http_error")
    return error_answer(known.status_code, code, str(known.detail))


async def on_invalid(_: Request, error: Exception) -> Response:
    """Name the first parameter that is not acceptable."""
    first = cast(RequestValidationError, error).errors()[0]
    return error_answer(422, "invalid_parameter", f"{first['loc'][-1]}: {first['msg']}")


async def on_provider_error(_: Request, error: Exception) -> Response:
    """Tell that the provider failed, when it is asked in a request."""
    return error_answer(502, cast(ProviderError, error).code, str(error))


async def on_importer_error(_: Request, error: Exception) -> Response:
    """Tell of an error of ours that has no status of its own: only asking a provider raises one."""
    return error_answer(502, "provider_refused", str(error))


async def on_bug(_: Request, __: Exception) -> Response:
    """Answer what nobody foresaw in our form too, without its text; the log has it."""
    return error_answer(500, "internal", "an error of the service; its log says more")


async def on_database_error(request: Request, error: Exception) -> Response:
    """Tell that the database is away or takes nothing more, and have broken connections replaced."""
    if isinstance(error, DiskFull):
        return error_answer(503, "disk_full", "the database's disk is full; somebody has to make room first")
    if isinstance(error, ReadOnlySqlTransaction):
        return error_answer(503, "read_only", "the database is read-only now; nothing can be changed")
    await services_of(request).pool.check()
    return error_answer(503, "database_unavailable", "the database is not available now; try again")


HANDLERS = {
    ApiError: on_refusal,
    JobRefused: on_refusal,
    UploadRefused: on_refusal,
    HTTPException: on_http_error,
    RequestValidationError: on_invalid,
    ProviderError: on_provider_error,
    ImporterError: on_importer_error,
    psycopg.OperationalError: on_database_error,
    ReadOnlySqlTransaction: on_database_error,
    Exception: on_bug,
}
