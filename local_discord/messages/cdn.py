"""Attachments as they are served back: no uploaded file can run as the page's own code."""

import re
from typing import Final
from urllib.parse import quote

from aiohttp import web

from local_discord.core import Core
from local_discord.world.kinds import JSON

_PLAIN: Final = re.compile(r"[\w.+-]+/[\w.+-]+(;\s*[\w-]+=[\w.+-]+)*", re.ASCII)
# What a browser only ever paints or plays. SVG is a document with scripts.
_SHOWN: Final = re.compile(r"(image/(png|jpe?g|gif|webp|avif|bmp|apng)|(audio|video)/[\w.+-]+)\b", re.ASCII)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
    ),
}


def attachment(core: Core, attachment_id: str, filename: str) -> web.Response:
    """The file of that id: pictures, sounds and films to be shown, all else to be saved; 404 for none."""
    found = core.world.files.get(attachment_id)
    if found is None:
        body: JSON = {"message": "404: Not Found", "code": 0}
        return web.json_response(body, status=404)
    kind, data = found
    if not _PLAIN.fullmatch(kind):
        kind = "application/octet-stream"
    headers = {"Content-Type": kind, **_HEADERS}
    if not _SHOWN.match(kind):
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return web.Response(body=data, headers=headers)
