"""The files that a delivery carries. It names them by key; their content is stored once and never changes."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.payloads import Payload


class FileRef(Payload):
    """A file as a delivery's payload names it.

    Attributes:
        key: Of the stored file.
        filename: As readers see it.
        description: The alternative text of a picture; empty for a document.
    """

    key: str
    filename: str
    description: str = ""


class AttachedFiles(Payload):
    """What the payload of any delivery may say about the files that it carries."""

    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file.

    Attributes:
        key: Unique: "postmortem:42:1".
        incident_id: Whose words it holds; None: no incident's.
        content: Discord takes 10 MiB a file; what writes it keeps it far below that.
    """

    key: str
    guild_id: int
    filename: str
    content: bytes
    incident_id: int | None = None


def in_order(refs: Iterable[FileRef], stored: Iterable[Attachment]) -> list[Attachment]:
    """Return the *stored* files in the order of *refs*; one that is not there any more is left out."""
    known = {each.key: each for each in stored}
    return [known[ref.key] for ref in refs if ref.key in known]
