"""The use cases of postmortems, put together for one guild; the jobs and events that they follow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.incidents.deliveries import NoticeDeliveries
from bot.services.shared.changes import Change
from bot.ui.words.wording import Wording
from cogs.postmortem.documents import DocumentDeliveries, Documents, DraftAttaching, pull_job
from cogs.postmortem.exporting import PostmortemPullRequests
from cogs.postmortem.owing import PostmortemDeliveries, PostmortemReminders, Postmortems
from cogs.postmortem.store import PullExportRows
from cogs.postmortem.writing import PostmortemWriter, TemplateWriter, WorkerTemplates

if TYPE_CHECKING:
    from bot.configured import Outbound
    from bot.i18n import Texts
    from bot.settings import Settings

#: Makes the writer of a guild.
Writers = Callable[["Texts", Policy], PostmortemWriter]


def open_writers(_settings: "Settings", _outbound: "Outbound") -> Writers:
    """Return what writes postmortems, in processes of their own."""
    templates = WorkerTemplates()
    return lambda texts, policy: TemplateWriter(texts, policy, templates)


def writer_of(core: Core) -> PostmortemWriter:
    """Return the writer of a guild."""
    return cast("Writers", core.opened)(core.texts, core.policy)


@dataclass(frozen=True, slots=True)
class PostmortemUseCases:
    """The use cases of one guild."""

    postmortems: Postmortems
    documents: Documents
    attaching: DraftAttaching
    reminders: PostmortemReminders
    pull_requests: PostmortemPullRequests


def build(core: Core) -> PostmortemUseCases:
    """Put the use cases of one guild together."""
    store, policy, host = core.store, core.policy, core.code_host
    repository = host.repository if host is not None and policy.github.pull_requests else None
    documents = Documents(core, writer_of(core), repository=repository)
    return PostmortemUseCases(
        postmortems=Postmortems(store, policy, core.access, core.changes),
        documents=documents,
        attaching=DraftAttaching(store, core.discord, policy),
        reminders=PostmortemReminders(store, policy, core.recipients),
        pull_requests=PostmortemPullRequests(store, policy, host, Wording(core.texts, policy), documents),
    )


def deliveries(built: PostmortemUseCases, core: Core) -> Sequence[DeliveryHandler]:
    """Return the handlers of the DMs, and of the message with the draft."""
    lines = NoticeDeliveries(core.policy, core.reposting)
    return [PostmortemDeliveries(core.policy), DocumentDeliveries(built.attaching, move=lines.move)]


async def draft(built: PostmortemUseCases, payload: str) -> timedelta | None:
    """Run the job that drafts the postmortem of a resolved incident."""
    return await built.documents.draft_after_resolve(int(payload))


async def remind(built: PostmortemUseCases, payload: str) -> None:
    """Run the job of a reminder."""
    await built.reminders.run_job(int(payload))


async def export(built: PostmortemUseCases, payload: str) -> None:
    """Run the job of a pull request."""
    await built.pull_requests.run_job(int(payload))


async def attach(
    built: PostmortemUseCases, incident: Incident, posts: Sequence[Delivery]
) -> timedelta | None:
    """Put the newest draft into its message; return when to try again."""
    return await built.attaching.attach(incident, posts)


async def end_export(change: Change) -> None:
    """Let the pull request of an incident that has become private be looked at now."""
    if await PullExportRows(change.tx.sql).end(change.incident.id):
        await change.tx.enqueue(pull_job(change.incident.id))
