"""Files that come with a message. Source: Discord's docs, Reference > Uploading Files."""

import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from local_discord.core import Core
from local_discord.errors import too_large
from local_discord.forms import Form
from local_discord.world.kinds import JSON

MAX_BYTES = 10 * 1024 * 1024
MOST_FILES = 10
_TEXTS = {"filename": 1024, "description": 1024, "title": 1024, "waveform": 400}
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = 24


@dataclass(frozen=True, slots=True)
class Upload:
    """One ``files[n]`` part of a multipart body; *key* is n."""

    key: str
    filename: str
    content_type: str
    data: bytes


def store_uploads(
    core: Core, channel_id: str, uploads: list[Upload], described: object, *, old: Collection[str] = ()
) -> list[JSON]:
    """Keep *uploads* for the CDN path and return their attachment objects.

    Args:
        core: The local Discord.
        channel_id: Part of the URL.
        uploads: The files.
        described: The request's ``attachments``, whose ids are the upload keys.
        old: Ids of the attachments that a message has already: these may be described too.

    Raises:
        ApiError: 40005 when a file is too large, 50035 for more than ten, a wrong description, or that of a
            file which is not there.
    """
    form = Form()
    notes = _read_notes(form, described, {*old, *(upload.key for upload in uploads)})
    if len(uploads) > MOST_FILES:
        form.add(("attachments",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    form.finish()
    if any(len(upload.data) > MAX_BYTES for upload in uploads):
        raise too_large()
    return [_store(core, channel_id, upload, notes.get(upload.key, {})) for upload in uploads]


def _read_notes(form: Form, described: object, known: Collection[str]) -> dict[str, JSON]:
    """Return the items of ``attachments``, by the key of their upload or the id of their attachment."""
    items = form.items(("attachments",), described, most=MOST_FILES)
    for at, item in enumerate(items):
        path = ("attachments", at)
        if item.get("id") is None:
            form.add((*path, "id"), "BASE_TYPE_REQUIRED", "This field is required")
        key = form.snowflake((*path, "id"), item.get("id"))
        if key is not None and key not in known:
            form.add((*path, "id"), "ATTACHMENT_NOT_FOUND", "No file with this id came with the request.")
        for key, most in _TEXTS.items():
            form.text((*path, key), item.get(key), most=most)
        form.number((*path, "duration_secs"), item.get("duration_secs"), least=0, most=2**31 - 1)
        for key in ("is_spoiler", "is_remix"):
            form.boolean((*path, key), item.get(key))
    return {str(item.get("id")): item for item in items}


def _store(core: Core, channel_id: str, upload: Upload, note: JSON) -> JSON:
    attachment_id = core.ids.next()
    filename = str(note.get("filename") or upload.filename)
    kind = upload.content_type if _TYPE.fullmatch(upload.content_type) else "application/octet-stream"
    core.world.files[attachment_id] = (kind, upload.data)
    url = f"{core.origin}/attachments/{channel_id}/{attachment_id}/{quote(filename, safe='')}"
    attachment: JSON = {
        "id": attachment_id,
        "filename": filename,
        "size": len(upload.data),
        "url": url,
        "proxy_url": url,
        "content_type": kind,
    }
    if note.get("description"):
        attachment["description"] = str(note["description"])
    return attachment | _png_size(upload.data)


def _png_size(data: bytes) -> JSON:
    """Width and height in pixels of a PNG; nothing for other files."""
    if not data.startswith(_PNG) or len(data) < _PNG_HEADER:
        return {}
    width, height = struct.unpack(">II", data[16:_PNG_HEADER])
    return {"width": width, "height": height}
