"""The lines in the thread about announcements to users."""

from typing import Final

from bot.domain.announcements.announcement import AnnouncementState
from bot.domain.announcements.notices import AnnouncedNotice, AnnouncementFailedNotice, FollowUpNotice
from bot.domain.incident.incident import Incident
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, by
from bot.ui.verbs import IncidentVerb
from bot.ui.words.announcement_words import quoted_text, state_words, via_words
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_TEXT_LIMIT: Final = 1_200
_REASON_LIMIT: Final = 300


def announced(words: Wording, _incident: Incident, told: AnnouncedNotice) -> Body:
    """Compose the line that says what users were told, how and by whom."""
    said = told.said
    return message(
        words.say(
            "announcements.notice.announced",
            who=by(words, told),
            state=state_words(words, said.state),
            via=via_words(words, said),
            text=quoted_text(words, said, limit=_TEXT_LIMIT),
        )
    )


def failed(words: Wording, incident: Incident, told: AnnouncementFailedNotice) -> Body:
    """Compose the line that an announcement did not get through, with what to do."""
    reason = inert(told.reason, limit=_REASON_LIMIT)
    line = words.say("announcements.notice.failed", reason=reason)
    return message(line, components=announce_button(words, incident))


def follow_up(words: Wording, incident: Incident, told: FollowUpNotice) -> Body:
    """Compose the line that asks for the next announcement."""
    key = "closing" if told.state is AnnouncementState.RESOLVED else "follow_up"
    line = words.say(
        f"announcements.notice.{key}",
        told=state_words(words, told.told),
        state=state_words(words, told.state),
    )
    return message(line, components=announce_button(words, incident))


def announce_button(words: Wording, incident: Incident) -> list[Component]:
    """Return the row with [📣 告知]."""
    return row([words.buttons.make(IncidentVerb.ANNOUNCE, incident.id)])


NOTICES: Final[NoticeLooks] = (
    NoticeLook(AnnouncedNotice, announced),
    NoticeLook(AnnouncementFailedNotice, failed),
    NoticeLook(FollowUpNotice, follow_up),
)
