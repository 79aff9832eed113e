"""Reading the facts of a postmortem, all at one moment."""

from typing import Final

from bot.domain.incident import relations
from bot.domain.postmortem.facts import PostmortemFacts, called_by
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.lines import lines_of
from bot.runbook.model import Policy
from bot.services.ports import Store
from bot.services.shared.action_items import actions_of_incident

#: What became of the document is no fact of the incident: each reminder would make the draft stale.
_ABOUT_DOCUMENT: Final = frozenset(
    {
        TimelineKind.POSTMORTEM_REMINDED,
        TimelineKind.POSTMORTEM_OWNER,
        TimelineKind.POSTMORTEM_DONE,
        TimelineKind.POSTMORTEM_OWED,
    }
)


async def read_facts(store: Store, policy: Policy, incident_id: int) -> PostmortemFacts:
    """Read all facts of an incident. Every change of one of them locks the incident first.

    Private incidents beside it are not named.

    Raises:
        IncidentNotFound: no such number.
    """
    async with store.transaction(locking=incident_id) as tx:
        incident = await tx.incident(incident_id, lock=True)
        entries = [one for one in await tx.timeline(incident_id) if one.kind not in _ABOUT_DOCUMENT]
        others = [await tx.incident(number) for number in sorted(relations.others_in(entries))]
        hidden = {other.id for other in others if other.is_private}
        readable = [relations.readable(entry, hidden) for entry in entries]
        return PostmortemFacts(
            incident=incident,
            lines=lines_of(readable, await tx.posts(incident_id)),
            called=called_by(await tx.pages(incident_id)),
            read_at=await tx.now(),
            resolution=await tx.resolution(incident_id),
            postmortem=await tx.postmortem(incident_id),
            actions=tuple(await actions_of_incident(tx.sql, policy, incident_id)),
            draft_wanted=await tx.draft_wanted(incident_id),
        )
