"""The rules of a postmortem's pull request: what is written, what is left to people, the next look."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.code_host import (
    POSTMORTEM_BRANCHES,
    ExportTrouble,
    PullRequest,
    PullState,
    StoredFile,
    look_after,
)
from bot.domain.delivery.delivery import Notice

#: The longest time between two looks at a pull request that is open, and at one that was closed unmerged:
#: people may open that again.
_OPEN_LONGEST: Final = timedelta(minutes=30)
_CLOSED_LONGEST: Final = timedelta(hours=6)

#: How long a closed one is looked at.
_CLOSED_FOR: Final = timedelta(days=30)

#: How many hashes of earlier pictures are kept, by which the bot knows its own files.
_PICTURES: Final = 20

#: In the place of a blob's sha: people have removed the file.
REMOVED: Final = "removed"


class PullExportState(StrEnum):
    """The state of a postmortem on the code host."""

    WANTED = "wanted"  # there is no pull request yet
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"  # by people, without a merge: a later draft opens another one
    WITHHELD = "withheld"  # the incident is private, or a drill


class FileDecision(StrEnum):
    """What is done with the file on the branch."""

    KEEP = "keep"  # it is what would be written
    WRITE = "write"
    CONFLICT = "conflict"  # people have changed it


@dataclass(frozen=True, slots=True)
class PullExport:
    """A postmortem on the code host. Every datetime is aware. Shas are of git's blobs.

    Attributes:
        repository: ``owner/name``.
        wanted: How often the postmortem was drafted for it.
        exported: The last of these drafts that is there.
        path: The file, once it is known; it stays when the title changes.
        number, url: The pull request's, once it is there.
        blob: Of the file as the bot wrote it last.
        writing: Of the file that the bot is about to write.
        conflict: Of people's version that the thread was told of; `REMOVED` if there was none.
        words: `digest` of title and body as the bot wrote them last.
        etag: To ask whether the pull request has changed.
        changed_at: When the bot last saw or made a change.
        next_at: When it looks next; None for never.
        pictures: The hashes of the pictures that the bot has committed beside the file, or was about to.
    """

    incident_id: int
    guild_id: int
    repository: str
    state: PullExportState
    wanted: int
    exported: int
    path: str | None
    number: int | None
    url: str | None
    blob: str | None
    writing: str | None
    conflict: str | None
    words: str | None
    etag: str | None
    changed_at: datetime
    next_at: datetime | None
    trouble: ExportTrouble | None
    pictures: tuple[str, ...] = ()

    @property
    def branch(self) -> str:
        """Return the branch of the pull request."""
        return f"{POSTMORTEM_BRANCHES}{self.incident_id}"

    @property
    def is_draft_waiting(self) -> bool:
        """Return True if a draft is not there yet."""
        return self.wanted > self.exported

    def decide(self, stored: StoredFile | None, *, wanted: str, is_in_review: bool) -> FileDecision:
        """Return what to do with the file on the branch: nothing that people wrote is overwritten.

        Args:
            stored: The file as it is there.
            wanted: The sha of what the bot would write.
            is_in_review: There is an open pull request, from which people removed a missing file. Without one
                the branch of a closed one was deleted, and the next draft begins anew.
        """
        if stored is None:
            return FileDecision.CONFLICT if self.blob is not None and is_in_review else FileDecision.WRITE
        if stored.sha == wanted:
            return FileDecision.KEEP
        # A process that was killed after it wrote has not recorded it.
        return FileDecision.WRITE if stored.sha in (self.blob, self.writing) else FileDecision.CONFLICT

    def writes_picture(self, stored: StoredFile | None, *, wanted: str, is_in_review: bool) -> bool:
        """Return True if the picture is to be written: people have neither changed nor removed the bot's.

        Args:
            stored, wanted, is_in_review: As in `decide`.
        """
        if stored is None:
            return not (self.pictures and is_in_review)
        return stored.sha != wanted and stored.sha in self.pictures

    def with_picture(self, sha: str) -> "PullExport":
        """Return the export whose picture *sha* is the bot's."""
        return replace(self, pictures=(*(one for one in self.pictures[-_PICTURES:] if one != sha), sha))

    @property
    def may_be_unrecorded(self) -> bool:
        """Return True if a file may be there without a pull request: the bot was killed between the two."""
        return self.number is None and self.path is not None

    def is_own(self, stored: StoredFile | None) -> bool:
        """Return True if only the bot has written *stored*."""
        return stored is None or stored.sha in (self.blob, self.writing)

    def may_edit(self, pull: PullRequest) -> bool:
        """Return True if title and body are as the bot wrote them."""
        return self.words == digest(pull.title, pull.body)

    def found(self, pull: PullRequest, *, at: datetime, etag: str | None = None) -> "PullExport":
        """Return the export with what is known of *pull* now, and when to look at it again."""
        state = PullExportState(pull.state)
        is_change = (state, pull.number) != (self.state, self.number)
        changed_at = at if is_change else self.changed_at
        known = replace(
            self,
            state=state,
            number=pull.number,
            url=pull.url,
            etag=etag,
            changed_at=changed_at,
            trouble=None,
        )
        return known.resting(at=at)

    def resting(self, *, at: datetime) -> "PullExport":
        """Return the export with the time of the next look: now, if a draft was asked for meanwhile."""
        return replace(self, next_at=at if self.is_draft_waiting else self._next_look(at), trouble=None)

    def withheld(self, *, at: datetime) -> "PullExport":
        """Return the export of an incident that must not leave Discord any more. Its path tells the title."""
        return replace(
            self,
            state=PullExportState.WITHHELD,
            exported=self.wanted,
            path=None,
            changed_at=at,
            next_at=None,
            trouble=None,
        )

    def moved_to(self, repository: str) -> "PullExport":
        """Return the export for another repository, where nothing is known of it."""
        return replace(
            self,
            repository=repository,
            state=PullExportState.WANTED,
            exported=min(self.exported, self.wanted - 1),
            number=None,
            url=None,
            blob=None,
            writing=None,
            conflict=None,
            words=None,
            etag=None,
            pictures=(),
        )

    def _next_look(self, at: datetime) -> datetime | None:
        quiet = at - self.changed_at
        match self.state:
            case PullExportState.OPEN:
                return at + look_after(quiet, longest=_OPEN_LONGEST)
            case PullExportState.CLOSED if quiet < _CLOSED_FOR:
                return at + look_after(quiet, longest=_CLOSED_LONGEST)
        return None


def chosen(pulls: list[PullRequest], export: PullExport, *, marker: str) -> PullRequest | None:
    """Return the pull request that a draft belongs to, among those from its branch, the latest first.

    That is an open one; else one that was merged. One that people closed is left alone, and the next draft
    opens another one. Without a number, the bot may have been killed before it noted what it had opened: it
    is the one with the bot's *marker* in its body.
    """
    own = [pull for pull in pulls if pull.number == export.number or marker in pull.body]
    wanted = (PullState.OPEN, PullState.MERGED)
    return next((pull for state in wanted for pull in own if pull.state is state), None)


def digest(*words: str) -> str:
    """Return a digest of texts, to see whether people have changed them.

    The code host's page ends lines with carriage returns.
    """
    plain = "\0".join(words).replace("\r\n", "\n").strip()
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()


class PullRequestNotice(Notice, name="pull_request"):
    """A pull request with the incident's postmortem was opened."""

    number: int
    url: str


class PullRequestConflictNotice(Notice, name="pull_request_conflict"):
    """A draft was not written, because people have changed the file.

    Attributes:
        url: Of the pull request; None if there is none.
        is_removed: They have removed it.
    """

    path: str
    url: str | None = None
    is_removed: bool = False


class PullRequestClosedNotice(Notice, name="pull_request_closed"):
    """People have closed the pull request without merging it; the postmortem is still owed."""

    number: int
    url: str
