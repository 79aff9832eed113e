"""When the pull request of a postmortem has to follow its draft."""

from bot.domain.incident.incident import Incident, IncidentKind
from bot.services.ports import Transaction
from bot.services.shared.jobs import pull_job


async def want_pull_request(tx: Transaction, incident: Incident, *, repository: str | None) -> None:
    """Let the draft of a postmortem go to the code host, once the caller's transaction commits.

    Args:
        repository: Where postmortems are reviewed; None for nowhere.
    """
    if repository is not None and is_reviewed(incident):
        await tx.want_pull_export(incident.id, guild_id=incident.guild_id, repository=repository)
        await tx.enqueue(pull_job(incident.id))


def is_reviewed(incident: Incident) -> bool:
    """Return True unless the postmortem stays in Discord: of a private incident, a drill, a tracked alert."""
    is_real = incident.kind is IncidentKind.INCIDENT and not incident.is_drill
    return is_real and not incident.is_private
