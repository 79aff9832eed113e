"""Request bodies: JSON, or multipart with ``payload_json`` and files.

Source: Discord's docs, Reference > Uploading Files.
"""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.errors import refused
from bot.sandbox.uploads import Upload

_FILE_PART = re.compile(r"files\[(\d+)\]|file(\d*)")


async def read_body(request: web.Request) -> tuple[Any, list[Upload]]:
    """The parsed JSON body (None when empty) and the files.

    Raises:
        ApiError: 50109 when the JSON is malformed.
    """
    if request.content_type.startswith("multipart/"):
        return await _read_multipart(request)
    return _parse(await request.read()), []


async def _read_multipart(request: web.Request) -> tuple[Any, list[Upload]]:
    body: Any = None
    uploads: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            body = _parse(data)
        elif found := _FILE_PART.fullmatch(part.name or ""):
            key = found.group(1) or found.group(2) or "0"
            kind = part.headers.get("Content-Type") or _guess(part.filename or "")
            uploads.append(Upload(key, part.filename or "file", kind, data))
    return body, uploads


def _guess(filename: str) -> str:
    """The content type that the CDN would serve for a few common endings."""
    kinds = {"png": "image/png", "md": "text/markdown", "txt": "text/plain", "json": "application/json"}
    return kinds.get(filename.rpartition(".")[2].lower(), "application/octet-stream")


def _parse(data: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise refused(50109) from None
