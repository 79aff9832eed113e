"""The least that receiving a hook can cost: a bare aiohttp handler that inserts one row for each request."""

import os

import asyncpg
from aiohttp import web

from bot.storage.database.migrate import SEARCH_PATH

TABLE = "CREATE TABLE IF NOT EXISTS bench_hooks (id bigserial PRIMARY KEY, body bytea NOT NULL)"
_CONNECTIONS = 5  # about as many as the bot's own pool has


async def _serve() -> web.Application:
    settings = {"search_path": SEARCH_PATH}
    pool = await asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=_CONNECTIONS, max_size=_CONNECTIONS, server_settings=settings
    )

    async def receive(request: web.Request) -> web.Response:
        await pool.execute("INSERT INTO bench_hooks (body) VALUES ($1)", await request.read())
        return web.Response(status=202)

    application = web.Application()
    application.router.add_post("/hooks/{source}/{secret}", receive)
    return application


if __name__ == "__main__":
    web.run_app(_serve(), host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None)
