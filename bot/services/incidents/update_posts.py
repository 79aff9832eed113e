"""Recording and posting a status update, or the new time of the next one alone."""

from bot.domain.incident.incident import Phase, UsersAffected
from bot.domain.incident.records import UpdatedEntry, UpdatedNotice
from bot.services.shared.changes import Change


async def post_update(
    change: Change,
    words: tuple[str | None, str | None],
    *,
    key: str,
    phase: Phase | None = None,
    users: UsersAffected | None = None,
) -> None:
    """Record and post what is known and the impact (None: only a promise), with the next update's time."""
    (known, impact), next_at, line = words, change.incident.updates.due_at, f"updated:{key}"
    entry = UpdatedEntry(next_at=next_at, known=known, impact=impact, phase=phase, users=users, key=key)
    await change.record(entry, line=line)
    told = UpdatedNotice(
        at=change.now, next_at=next_at, known=known, impact=impact, phase=phase, users=users, key=key
    )
    await change.say(told, key=line)
