"""Announcements in posts that everybody reads: words, the timeline's details, the lines in the thread."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.domain.incident.incident import Incident, UsersAffected
from bot.domain.triage.tree import Text
from bot.runbook.model import Policy
from bot.ui.buttons import Component, OwnVerb, row
from bot.ui.posts.bodies import Body, NoticeLook, by, message
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Wording
from cogs.announcements.rules import (
    AnnouncedEntry,
    AnnouncedNotice,
    Announcement,
    AnnouncementFailedEntry,
    AnnouncementFailedNotice,
    AnnouncementRules,
    AnnouncementState,
    FollowUpNotice,
    PublishedAnnouncement,
    StillPublishedNotice,
    may_be_told,
)

_FACT_LIMIT: Final = 120
_NAME_LIMIT: Final = 40


#: [📣 告知]: what users are told.
ANNOUNCE: Final = OwnVerb("announce", "📣", is_primary=True)


def suggested(policy: Policy, incident: Incident) -> OwnVerb | None:
    """Return [📣 告知] while users are affected, and may be told."""
    is_affected = incident.users_affected is UsersAffected.YES
    return ANNOUNCE if is_affected and asks_users(policy, incident) else None


def asks_users(policy: Policy, incident: Incident) -> bool:
    """Return True if people are asked whether users are affected, and [📣 告知] is offered."""
    return may_be_told(policy.of(AnnouncementRules), incident)


def state_words(words: Wording, state: AnnouncementState) -> str:
    """Return the state that users are told of: "調査中"."""
    return words.say(f"announcements.state.{state.value}")


def via_words(words: Wording, published: PublishedAnnouncement) -> str:
    """Return how an announcement was published: "webhook で公開"."""
    return words.say(f"announcements.via.{published.via.value}")


def quoted_text(words: Wording, published: PublishedAnnouncement, *, limit: int) -> str:
    """Return what users were told, in the readers' language, as quotations.

    Args:
        limit: Characters of all texts together.
    """
    texts = _by_text(words, published)
    quoted: list[str] = []
    for text, channels in texts.items():
        shown = inert_lines(text, limit=limit // len(texts))
        quoted += [f"**{channels}**"] if len(texts) > 1 else []
        quoted += [f"> {line}" for line in shown.splitlines()]
    return "\n".join(quoted)


def announced_line(words: Wording, _incident: Incident, known: Sequence[Announcement]) -> str:
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
        reason = inert(waiting.error or "", limit=_FACT_LIMIT)
        parts.append(words.say(f"announcements.show.{waiting.status.value}", reason=reason))
    return "\n".join(parts)


def announced_details(words: Wording, data: AnnouncedEntry, limit: int) -> Iterator[str]:
    """Yield what users were told, and how."""
    yield state_words(words, data.said.state)
    yield via_words(words, data.said)
    texts = _by_text(words, data.said)
    for text, channels in texts.items():
        shown = inert(text, limit=limit // len(texts))
        yield words.say("announcements.fact", channels=channels, text=shown) if len(texts) > 1 else shown


def failed_details(_words: Wording, data: AnnouncementFailedEntry, limit: int) -> Iterator[str]:
    """Yield why an announcement could not be sent."""
    yield inert(data.reason, limit=limit)


def _by_text(words: Wording, published: PublishedAnnouncement) -> dict[str, str]:
    """Return each text once, in the readers' language, with the channels where users read it."""
    known, by_text = words.policy.of(AnnouncementRules).channels, dict[str, list[str]]()
    for name in [
        *(one for one in known if one in published.texts),
        *(one for one in published.texts if one not in known),
    ]:
        text = words.raw(Text(published.texts[name].ja, published.texts[name].en))
        channel = words.pick(known[name].name) if name in known else inert(name, limit=_NAME_LIMIT)
        by_text.setdefault(text, []).append(channel)
    return {text: " · ".join(channels) for text, channels in by_text.items()}


_TEXT_LIMIT: Final = 1_200
_REASON_LIMIT: Final = 300


def announced(words: Wording, _incident: Incident, notice: AnnouncedNotice) -> Body:
    """Compose the line that says what users were told, how and by whom."""
    published = notice.said
    return message(
        words.say(
            "announcements.notice.announced",
            who=by(words, notice),
            state=state_words(words, published.state),
            via=via_words(words, published),
            text=quoted_text(words, published, limit=_TEXT_LIMIT),
        )
    )


def failed(words: Wording, incident: Incident, notice: AnnouncementFailedNotice) -> Body:
    """Compose the line that an announcement did not get through, with what to do."""
    reason = inert(notice.reason, limit=_REASON_LIMIT)
    line = words.say("announcements.notice.failed", reason=reason)
    return message(line, components=_announce_button(words, incident))


def follow_up(words: Wording, incident: Incident, notice: FollowUpNotice) -> Body:
    """Compose the line that asks for the next announcement."""
    key = "closing" if notice.state is AnnouncementState.RESOLVED else "follow_up"
    line = words.say(
        f"announcements.notice.{key}",
        told=state_words(words, notice.told),
        state=state_words(words, notice.state),
    )
    return message(line, components=_announce_button(words, incident))


def _announce_button(words: Wording, incident: Incident) -> list[Component]:
    """Return the row with [📣 告知]."""
    return row([words.buttons.make(ANNOUNCE, incident.id)])


def still_published(words: Wording, _incident: Incident, notice: StillPublishedNotice) -> Body:
    """Compose the line that what users can read stays where it was published."""
    return message(words.say("private.notice_still_published", count=notice.count))


ENTRIES: Final = (
    EntryLook(AnnouncedEntry, announced_details),
    EntryLook(AnnouncementFailedEntry, failed_details),
)

NOTICES: Final = (
    NoticeLook(StillPublishedNotice, still_published),
    NoticeLook(AnnouncedNotice, announced),
    NoticeLook(AnnouncementFailedNotice, failed),
    NoticeLook(FollowUpNotice, follow_up),
)
