"""Serves the page at ``/``, its files below ``/_page``, and its WebSocket at ``/_page/ws``."""

from pathlib import Path
from typing import Final

from aiohttp import web

from local_discord.human.desk import Desk
from local_discord.live.marks import Marks
from local_discord.live.page import Page
from local_discord.live.typing import Typing

_FOLDER: Final = Path(__file__).parent.parent / "page"
_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Nothing that a bot or a person wrote can reach out: Discord has a proxy for pictures from elsewhere.
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_page(app: web.Application, desk: Desk, typing: Typing) -> None:
    """Register the page on *app*."""
    marks = Marks(desk.core)

    async def live(request: web.Request) -> web.StreamResponse:
        return await Page(desk, marks, typing).run(request)

    app.router.add_get("/", _index)
    app.router.add_get("/_page/ws", live)
    app.router.add_get("/_page/{name}", _file)


async def _index(_request: web.Request) -> web.Response:
    return _served("index.html")


async def _file(request: web.Request) -> web.Response:
    return _served(request.match_info["name"])


def _served(name: str) -> web.Response:
    """The page's file *name*; its folder has no others below it."""
    path = _FOLDER / Path(name).name
    if path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    kind = _TYPES[path.suffix]
    return web.Response(text=path.read_text("utf-8"), content_type=kind, charset="utf-8", headers=_HEADERS)
