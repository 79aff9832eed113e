"""The lines in the thread about a monitor's later messages."""

from typing import Final

from bot.domain.alerts.notices import FiresAgainNotice, RecoveredNotice
from bot.domain.incident.incident import Incident
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def _news(words: Wording, _incident: Incident, told: RecoveredNotice | FiresAgainNotice) -> Body:
    """Compose the line with the monitor's news. It closes nothing: resolving is the responder's decision."""
    sender = inert(told.by or "?", limit=160)
    return message(words.say(f"thread.notice.{told.name}", sender=sender, url=told.url))


NOTICES: Final[NoticeLooks] = (NoticeLook(RecoveredNotice, _news), NoticeLook(FiresAgainNotice, _news))
