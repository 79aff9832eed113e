"""Pictures inside JSON. Source: Discord's docs, Reference > Image Data, Image Formatting."""

import binascii
import re
from base64 import b64decode
from hashlib import md5

from local_discord.forms import Form, Path

_DATA_URI = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,(.+)", re.DOTALL)
_MOST_CHARACTERS = 14 * 1024 * 1024  # 10 MiB in base64


def read_image(form: Form, path: Path, value: object) -> str | None:
    """The hash under which the picture in the data URI *value* would be served; None for none.

    The picture itself is not kept: nothing here shows avatars.
    """
    text = form.text(path, value, most=_MOST_CHARACTERS)
    if not text:
        return None
    found = _DATA_URI.fullmatch(text)
    try:
        data = b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        data = b""
    if not data:
        form.add(path, "BASE64_TYPE_INVALID", "Could not interpret value as image data.")
        return None
    return md5(data, usedforsecurity=False).hexdigest()
