"""The draft of a postmortem as it is stored, and the message in the thread that carries it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from bot.domain.delivery.attachments import AttachedFiles, FileRef
from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import label_of


@dataclass(frozen=True, slots=True)
class PostmortemDocument:
    """The draft of one incident's postmortem.

    Attributes:
        path: In the team's repository; two incidents of a guild never share one.
        version: From 1; grows with each draft that reads differently.
        digest: SHA-256 of the content, in hex.
        read_at: When the facts were read; older facts never replace newer ones.
        problem: Why the team's own template did not serve; None: it did, or there is none.
        posting: The number of its message in the thread: a deleted one is followed by another.
        shown_version: The version that this message carries; 0: none so far.
    """

    incident_id: int
    guild_id: int
    path: str
    version: int
    digest: str
    read_at: datetime
    problem: str | None = None
    posting: int = 1
    shown_version: int = 0

    @property
    def delivery_key(self) -> str:
        """Return the key of the delivery that carries it."""
        return f"inc:{self.incident_id}:postmortem:{self.posting}"

    @property
    def file_key(self) -> str:
        """Return the key of the stored file."""
        return file_key(self.incident_id, self.version)

    @property
    def data(self) -> "PostmortemData":
        """Return the data of the delivery that posts the document."""
        file = FileRef(key=self.file_key, filename=f"{label_of(self.incident_id)}-postmortem.md")
        return PostmortemData(files=(file,), path=self.path, version=self.version, problem=self.problem)

    def posted_anew(self) -> Self:
        """Return the document whose message is gone: the next one carries it."""
        return replace(self, posting=self.posting + 1, shown_version=0)


class PostmortemData(AttachedFiles):
    """What the delivery of a draft says beside its file; attributes as `PostmortemDocument`."""

    path: str
    version: int
    problem: str | None = None


class UndraftedNotice(Notice, name="postmortem_undrafted"):
    """A line in the thread: no draft could be made so far. It is tried again."""


def file_key(incident_id: int, version: int) -> str:
    """Return the key of the file of one version."""
    return f"postmortem:{incident_id}:{version}"
