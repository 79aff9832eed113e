"""Request bodies: JSON, forms, or multipart with ``payload_json`` and files.

Source: Discord's docs, Reference > HTTP API > Content Type, Uploading Files.
"""

import asyncio
import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from local_discord.errors import bad_request, refused, too_large, too_slow
from local_discord.forms import Form
from local_discord.messages.uploads import MAX_BYTES, MOST_FILES, Upload

_FILE_PART = re.compile(r"files\[(\d{1,4})\]|file(\d{0,4})", re.ASCII)
_FORM_TYPE = "application/x-www-form-urlencoded"
_TYPES = ("application/json", _FORM_TYPE, "multipart/form-data")
_MOST_BYTES = (MOST_FILES + 1) * MAX_BYTES
_ENCODINGS = ("identity", "gzip", "deflate", "br", "zstd")
_CHUNK = 1 << 16
_WITHIN_S = 30.0  # nobody documents how long Discord waits for the rest of a body; it does not wait for ever
# What aiohttp says of bytes that are not encoded, or not divided into parts, as their headers announce.
_UNDECODABLE = (web.RequestPayloadError, HttpProcessingError)
_NOT_MULTIPART = (ValueError, AssertionError, LookupError, RuntimeError, web.HTTPException)


async def read_body(request: web.Request) -> tuple[Any, list[Upload]]:
    """The parsed body (None when empty) and the files.

    Raises:
        ApiError: 50109 when the JSON is malformed, 50035 for another content type, 40005 when it is too
            large, 400 without a code when it cannot be decompressed or taken apart, 408 when the rest of it
            does not come.
        ConnectionError: When the client leaves before it has sent everything.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await _read(request)
    except TimeoutError:
        raise too_slow() from None
    except _UNDECODABLE:
        raise bad_request() from None


async def _read(request: web.Request) -> tuple[Any, list[Upload]]:
    if request.headers.get("Content-Encoding", "identity").lower() not in _ENCODINGS:
        raise bad_request()
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    try:
        data = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    if not data:
        return None, []
    if request.content_type not in _TYPES:
        _refuse_type()
    return (_parse_form(data) if request.content_type == _FORM_TYPE else parse_json(data)), []


def _refuse_type() -> NoReturn:
    form = Form()
    names = ", ".join(f"'{name}'" for name in _TYPES)
    text = f'Expected "Content-Type" header to be one of {{{names}}}.'
    form.add((), "CONTENT_TYPE_INVALID", text)
    form.finish()
    raise AssertionError("unreachable")


async def _read_multipart(request: web.Request) -> tuple[Any, list[Upload]]:
    try:
        return await _read_parts(await request.multipart())
    except _NOT_MULTIPART:
        raise bad_request() from None  # no boundary, broken headers, an unknown encoding, a missing end


async def _read_parts(reader: MultipartReader) -> tuple[Any, list[Upload]]:
    body: Any = None
    fields: dict[str, Any] = {}
    uploads: list[Upload] = []
    left = _MOST_BYTES
    async for part in reader:
        if not isinstance(part, BodyPartReader):
            continue
        data = await _read_part(part, left)
        left -= len(data)
        name, filename = _text(part.name), _text(part.filename)
        if name == "payload_json":
            body = parse_json(data)
        elif found := _FILE_PART.fullmatch(name):
            key = found.group(1) or found.group(2) or "0"
            kind = part.headers.get("Content-Type") or _guess(filename)
            uploads.append(Upload(key, filename or "file", kind, data))
        elif name:
            fields[name] = data.decode(errors="replace")
    return body if body is not None else fields or None, uploads


async def _read_part(part: BodyPartReader, most: int) -> bytes:
    """The part's bytes; 40005 past *most*."""
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        data += chunk
        if len(data) > most:
            raise too_large()
    return bytes(part.decode(data)) if data else b""


def _text(value: str | None) -> str:
    """A part's name as text: aiohttp keeps bytes that are no UTF-8 as lone surrogates."""
    return (value or "").encode(errors="surrogateescape").decode(errors="replace")


def _guess(filename: str) -> str:
    """The content type that the CDN would serve for a few common endings."""
    kinds = {"png": "image/png", "md": "text/markdown", "txt": "text/plain", "json": "application/json"}
    return kinds.get(filename.rpartition(".")[2].lower(), "application/octet-stream")


def _parse_form(data: bytes) -> dict[str, Any]:
    """A URL-encoded form: strings, and ``true`` and ``false``; or its ``payload_json`` when it has one."""
    words = {"true": True, "false": False}
    pairs = parse_qsl(data.decode(errors="replace"), keep_blank_values=True)
    fields = {name: words.get(value, value) for name, value in pairs}
    parsed = parse_json(str(fields["payload_json"]).encode()) if "payload_json" in fields else fields
    return parsed if isinstance(parsed, dict) else fields


def parse_json(data: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """*data* as JSON in the strict sense: no NaN, no number beyond a double, no half of a surrogate pair.

    Raises:
        ApiError: 50109 when it is none.
    """
    if not data:
        return None
    try:
        parsed = json.loads(data, parse_constant=_refuse_number, parse_float=_finite)
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise refused(50109) from None
    return parsed


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is beyond a double")
    return number
