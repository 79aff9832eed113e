"""Which alert of its sender a message is about, when fingerprints alone do not tell."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.alerts.events import KnownAlert, Occurrence
from bot.domain.alerts.reading import ended_by, is_same_title, repeats, same_subject
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.subject import words_of
from bot.storage.tables.alerts import AlertRows
from bot.storage.transaction import Transaction


async def identified(tx: Transaction, said: Occurrence, *, is_over: bool = False) -> Occurrence:
    """Lock decisions about a sender's alerts, and return the message with the fingerprint of its alert.

    That is its own, unless an alert of its sender is open or muted that is about the same and has another
    one: a version before this one, or a policy before its last edit, made it otherwise.

    Args:
        is_over: The message says that an alert is over: without one that is about the same, it is about the
            one that it clearly resembles most.
    """
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, f"{said.channel_id}:{said.sender}")
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, said.fingerprint)
    if not said.subject:
        return said
    known = await AlertRows(tx.sql).alerts_of_sender(said.guild_id, said.channel_id, said.sender)
    found = about(said, known) if is_over else _same(said, known)
    if found is None or found.fingerprint == said.fingerprint:
        return said
    await AlertRows(tx.sql).lock_fingerprint(said.guild_id, found.fingerprint)
    return replace(said, fingerprint=found.fingerprint)


def about(recovery: Occurrence, known: Sequence[KnownAlert]) -> KnownAlert | None:
    """Return the one of *known* that a recovery is about: the same, else the one that it resembles."""
    if (found := _same(recovery, known)) is not None or not recovery.subject:
        return found
    number = ended_by(recovery.subject, _subjects(known), is_success=recovery.is_success)
    return next((one for one in known if one.number == number), None)


def over_among(messages: Iterable[tuple[Says | None, Occurrence]]) -> frozenset[int]:
    """Return the ids of the alerts in *messages*, oldest first, that a later one of them says are over."""
    over: set[int] = set()
    firing: dict[tuple[int, str], list[KnownAlert]] = {}
    for says, said in messages:
        known = firing.setdefault((said.channel_id, said.sender), [])
        if says is Says.FIRING:
            known.append(KnownAlert(said.id, said.fingerprint, said.title, said.subject or None))
        elif says is Says.RESOLVED:
            ended = about(said, known)
            if ended is not None:
                over |= {one.number for one in known if one.fingerprint == ended.fingerprint}
                known[:] = [one for one in known if one.fingerprint != ended.fingerprint]
    return frozenset(over)


def _same(said: Occurrence, known: Sequence[KnownAlert]) -> KnownAlert | None:
    """Return the alert of *said*: of its fingerprint, else about the same."""
    by_fingerprint = next((one for one in known if one.fingerprint == said.fingerprint), None)
    return by_fingerprint or next((one for one in known if _is_about_the_same(said, one)), None)


def _is_about_the_same(said: Occurrence, known: KnownAlert) -> bool:
    if known.subject is None:
        return is_same_title(said.subject, known.title)
    # What only resembles a muted alert must not be silent.
    return same_subject(said.subject, known.subject) or (
        known.is_open and repeats(said.subject, known.subject)
    )


def _subjects(known: Sequence[KnownAlert]) -> dict[int, str]:
    """Return one alert for each fingerprint, by its number, with its subject: a merge leaves several."""
    newest = {one.fingerprint: one for one in reversed(known)}
    return {
        one.number: words_of(one.title) if one.subject is None else one.subject for one in newest.values()
    }
