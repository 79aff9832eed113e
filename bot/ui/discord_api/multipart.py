"""The form of a request with files. Source: Discord's docs, Reference > Uploading Files."""

import json
import mimetypes
from collections.abc import Mapping, Sequence

from bot.domain.delivery.delivery import Attachment


def form(body: Mapping[str, object], files: Sequence[Attachment]) -> list[dict[str, object]]:
    """Return the parts of the form, as discord.py's `HTTPClient.request` takes them: *body*, then *files*.

    The content is bytes, not a stream, so that a retry sends the same.
    """
    parts: list[dict[str, object]] = [{"name": "payload_json", "value": json.dumps(body, ensure_ascii=False)}]
    for number, file in enumerate(files):
        part = {"name": f"files[{number}]", "value": file.content, "filename": file.filename}
        media_type, _ = mimetypes.guess_type(file.filename)
        parts.append({**part, "content_type": media_type or "application/octet-stream"})
    return parts
