"""The words about announcements that people of the team read."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.domain.announcements.announcement import (
    Announcement,
    AnnouncementState,
    PublishedAnnouncement,
)
from bot.domain.announcements.entries import AnnouncedEntry, AnnouncementFailedEntry
from bot.domain.incident.incident import Incident, UsersAffected
from bot.domain.triage.tree import Text
from bot.runbook.model import Policy
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.wording import Wording

_REASON_LIMIT: Final = 120
_NAME_LIMIT: Final = 40


def is_announced(policy: Policy, incident: Incident) -> bool:
    """Return True if [📣 告知] is shown: users are affected, and may be told."""
    return may_ask(policy, incident) and incident.is_open and incident.users_affected is UsersAffected.YES


def may_ask(policy: Policy, incident: Incident) -> bool:
    """Return True if the update form asks whether users are affected."""
    rules = policy.announcements
    return rules.has(incident.severity) and (rules.private or not incident.is_private)


def state_words(words: Wording, state: AnnouncementState) -> str:
    """Return the state that users are told of: "調査中"."""
    return words.say(f"announcements.state.{state.value}")


def users_words(words: Wording, users: UsersAffected | None) -> str:
    """Return whether users are affected: "あり", "なし", "不明"."""
    return words.say(f"announcements.users.{(users or UsersAffected.UNKNOWN).value}")


def users_line(words: Wording, incident: Incident) -> str:
    """Return the line that says whether users are affected; empty if no update says, or it is over."""
    if incident.users_affected is None or not incident.is_open:
        return ""
    return words.say("updates.post.users", users=users_words(words, incident.users_affected))


def via_words(words: Wording, said: PublishedAnnouncement) -> str:
    """Return how an announcement was published: "webhook で公開"."""
    return words.say(f"announcements.via.{said.via.value}")


def quoted_text(words: Wording, said: PublishedAnnouncement, *, limit: int) -> str:
    """Return what users were told, in the readers' language, as quotations.

    Args:
        limit: Characters of all texts together.
    """
    texts = _by_text(words, said)
    quoted: list[str] = []
    for text, channels in texts.items():
        shown = inert_lines(text, limit=limit // len(texts))
        quoted += [f"**{channels}**"] if len(texts) > 1 else []
        quoted += [f"> {line}" for line in shown.splitlines()]
    return "\n".join(quoted)


def announced_line(words: Wording, known: Sequence[Announcement]) -> str:
    """Return what users were told last, and what waits, a line each; empty without any."""
    published = [one for one in known if one.is_published]
    parts = []
    if published and (last := published[-1]).published_at is not None and last.approved_by is not None:
        parts.append(
            words.say(
                "announcements.show.published",
                count=len(published),
                at=words.moment(last.published_at),
                state=state_words(words, last.state),
                who=words.who(last.approved_by.name),
            )
        )
    if known and not (waiting := known[-1]).is_published:
        reason = inert(waiting.error or "", limit=_REASON_LIMIT)
        parts.append(words.say(f"announcements.show.{waiting.status.value}", reason=reason))
    return "\n".join(parts)


def announced(words: Wording, data: AnnouncedEntry, limit: int) -> Iterator[str]:
    """Yield what users were told, and how."""
    yield state_words(words, data.said.state)
    yield via_words(words, data.said)
    texts = _by_text(words, data.said)
    for text, channels in texts.items():
        shown = inert(text, limit=limit // len(texts))
        yield words.say("announcements.fact", channels=channels, text=shown) if len(texts) > 1 else shown


def not_sent(_words: Wording, data: AnnouncementFailedEntry, limit: int) -> Iterator[str]:
    """Yield why an announcement could not be sent."""
    yield inert(data.reason, limit=limit)


def _by_text(words: Wording, said: PublishedAnnouncement) -> dict[str, str]:
    """Return each text once, in the readers' language, with the channels where users read it."""
    known, found = words.policy.announcements.channels, dict[str, list[str]]()
    for name in [
        *(one for one in known if one in said.texts),
        *(one for one in said.texts if one not in known),
    ]:
        text = words.raw(Text(said.texts[name].ja, said.texts[name].en))
        channel = words.pick(known[name].name) if name in known else inert(name, limit=_NAME_LIMIT)
        found.setdefault(text, []).append(channel)
    return {text: " · ".join(channels) for text, channels in found.items()}
