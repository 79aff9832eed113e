"""Writing a postmortem to the code host: its branch, its file, its pull request; each step may come twice."""

from dataclasses import dataclass, replace

from bot.domain.code_host import Branch, CodeHostProblem, PullRequest, PullState, blob_sha
from bot.domain.errors import CodeHostRefused
from bot.domain.postmortem.pull import REMOVED, FileDecision, PullExport, chosen, digest
from bot.services.ports import CodeHost, Store
from bot.services.ports.export_writer import PullText
from bot.services.postmortems.reviewing import is_reviewed
from bot.services.shared.access import MaySeeLess


@dataclass(frozen=True, slots=True)
class Document:
    """A postmortem as it is to be in the repository."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PostmortemExport:
    """The result of an export.

    Attributes:
        export: With what is there now; to be saved.
        path: Of the file.
        pull: The pull request; None if a version that people have edited prevents one.
        conflict: The sha of people's version of the file, which was left alone; None if there is none.
    """

    export: PullExport
    path: str
    pull: PullRequest | None
    conflict: str | None = None


async def unrecorded(host: CodeHost, export: PullExport, *, marker: str) -> str | None:
    """Return the address of a pull request that the bot opened and was killed before it could note it.

    If it got no further than the file, the branch is deleted, unless people have written there: the file's
    name tells the title of an incident that has become private meanwhile.

    Raises:
        UpstreamUnavailable, CodeHostRefused.
    """
    own = [pull for pull in await host.pull_requests_of(export.branch) if marker in pull.body]
    if own:
        return own[0].url
    if export.path is None or await host.branch(export.branch) is None:
        return None
    if export.is_own(await host.file(export.path, branch=export.branch)):
        await host.delete_branch(export.branch)
    return None


class DraftWriting:
    """Writes one draft. Every method raises UpstreamUnavailable and CodeHostRefused."""

    def __init__(self, store: Store, host: CodeHost, export: PullExport, *, marker: str) -> None:
        self._store = store
        self._host = host
        self._export = export
        self._marker = marker

    async def write(self, document: Document, text: PullText) -> PostmortemExport:
        """Bring branch, file and pull request up to date, and leave alone what people have changed.

        A draft of a pull request that was merged is not written: the document belongs to the team now.

        Raises:
            MaySeeLess: the incident was made private meanwhile; the file is not written.
        """
        export = self._export
        pull = chosen(await self._host.pull_requests_of(export.branch), export, marker=self._marker)
        if pull is not None and pull.state is PullState.MERGED:
            return PostmortemExport(export, export.path or document.path, pull)
        base = await self._base()
        conflict = await self._put(document, text, is_in_review=pull is not None)
        if pull is not None:
            pull = await self._edit(pull, text)
        else:
            pull = await self._open(base, text, conflict)
        return PostmortemExport(self._export, self._export.path or document.path, pull, conflict)

    async def _base(self) -> Branch:
        """Return the default branch; the pull request's own branch is there afterwards."""
        base = await self._host.default_branch()
        if await self._host.branch(self._export.branch) is None:
            await self._host.create_branch(Branch(self._export.branch, base.commit))
        return base

    async def _put(self, document: Document, text: PullText, *, is_in_review: bool) -> str | None:
        """Commit the file unless people have changed it; return the sha of their version if they have."""
        export, path = self._export, self._export.path or document.path
        found = await self._host.file(path, branch=export.branch)
        wanted = blob_sha(document.content)
        decision = export.decide(found, wanted=wanted, is_in_review=is_in_review)
        if decision is FileDecision.CONFLICT:
            return REMOVED if found is None else found.sha
        if decision is FileDecision.WRITE:
            await self._note_writing(path, wanted)
            replaces = None if found is None else found.sha
            await self._host.put_file(
                path, document.content, branch=export.branch, message=text.message, replaces=replaces
            )
        self._export = replace(self._export, path=path, blob=wanted, writing=None, conflict=None)
        return None

    async def _note_writing(self, path: str, sha: str) -> None:
        """Note what is about to be written: a process that is killed right after that finds it again.

        Raises:
            MaySeeLess: the incident was made private while the code host was asked.
        """
        self._export = replace(self._export, path=path, writing=sha)
        async with self._store.transaction(locking=self._export.incident_id) as tx:
            if not is_reviewed(await tx.incident(self._export.incident_id, lock=True)):
                raise MaySeeLess
            await tx.lock_pull_export(self._export.incident_id)
            await tx.save_pull_export(self._export)

    async def _edit(self, pull: PullRequest, text: PullText) -> PullRequest:
        """Write title and body anew, unless people have changed them."""
        written = digest(text.title, text.body)
        self._export = replace(self._export, words=self._export.words or digest(pull.title, pull.body))
        if not self._export.may_edit(pull) or written == self._export.words:
            return pull
        edited = await self._host.edit_pull_request(pull.number, title=text.title, body=text.body)
        self._export = replace(self._export, words=written)
        return edited

    async def _open(self, base: Branch, text: PullText, conflict: str | None) -> PullRequest | None:
        """Open the pull request; if only people have changed the branch, there may be nothing to open."""
        try:
            pull = await self._host.open_pull_request(
                branch=self._export.branch, into=base.name, title=text.title, body=text.body
            )
        except CodeHostRefused as refused:
            if conflict is None or refused.problem is not CodeHostProblem.INVALID:
                raise
            return None
        self._export = replace(self._export, words=digest(text.title, text.body))
        return pull
