"""`incident-bot jobs`: PgQueuer's own dashboard, on this machine only; read-only unless asked otherwise."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.queries import Queries
from pgqueuer.web import create_web_router
from rich.console import Console
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.database import closing, own_database
from bot.settings import Settings
from bot.storage.database.pools import open_pool

HOST: Final = "127.0.0.1"
_READING: Final = ("GET", "HEAD")


def serve(settings: Settings, *, port: int, allow_changes: bool) -> None:
    """Serve it until Ctrl-C.

    Args:
        allow_changes: Let jobs be cancelled and queued again. The auditor queues again what rows wait for,
        anyway.

    Raises:
        ConfigError: the database cannot be reached.
    """
    with own_database(settings) as database:
        what = "jobs can be cancelled and queued again" if allow_changes else "read-only"
        Console(stderr=True).print(f"http://{HOST}:{port} ({what}; Ctrl-C ends it)")
        uvicorn.run(
            dashboard(database.dsn, allow_changes=allow_changes),
            host=HOST,
            port=port,
            log_level="warning",
            access_log=False,
        )


def dashboard(dsn: str, *, allow_changes: bool = False) -> FastAPI:
    """Return the dashboard as an application.

    It has no login, so it answers on loopback only, and only by that name: another site's page in the browser
    could point its own name here. Its database sessions cannot write, whatever a later version offers.
    """

    @asynccontextmanager
    async def connected(application: FastAPI) -> AsyncIterator[None]:
        async with closing(await open_pool(dsn, max_size=4, read_only=not allow_changes)) as pool:
            driver = AsyncpgPoolDriver(pool) if allow_changes else _ReadingDriver(pool)
            application.state.pgq_queries = Queries(driver)
            yield

    application = FastAPI(lifespan=connected, docs_url=None, redoc_url=None, openapi_url=None)
    application.include_router(create_web_router(include_sse=False))
    if not allow_changes:
        application.middleware("http")(_only_reading)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return application


class _ReadingDriver(AsyncpgPoolDriver):
    """Some pages first fold the history into counts. The bot does so, too: they show its last ones."""

    async def execute(self, query: str, *args: Any) -> str:  # noqa: ANN401 -- as in PgQueuer
        try:
            return await super().execute(query, *args)
        except asyncpg.ReadOnlySQLTransactionError:
            return ""


async def _only_reading(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    if request.method not in _READING:
        return PlainTextResponse("read-only; start it with --allow-changes", status_code=405)
    return await go_on(request)
