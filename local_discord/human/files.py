"""Files that a person attaches: JSON has no bytes, so they come as base64."""

from base64 import b64decode
from binascii import Error

from local_discord.human.desk import Ask, BadRequest
from local_discord.messages.uploads import Upload


def read_files(ask: Ask) -> list[Upload]:
    """The body's ``files``: [{filename, content_type?, data}].

    Raises:
        BadRequest: When they are no such thing.
    """
    try:
        return [
            Upload(
                key=str(at),
                filename=str(one["filename"]),
                content_type=str(one.get("content_type") or "application/octet-stream"),
                data=b64decode(one["data"], validate=True),
            )
            for at, one in enumerate(ask.body.get("files") or [])
        ]
    except (TypeError, KeyError, AttributeError, Error, ValueError):
        raise BadRequest("files are [{filename, content_type, data: base64}]") from None
