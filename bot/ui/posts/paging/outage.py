"""Posts and emails while the database is away: no number that is not known, no button that would not work."""

from datetime import timedelta

from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.services.ports import Email
from bot.ui.posts.bodies import GREY, HERE, Body, embed, message, severity_colour
from bot.ui.posts.paging.emails import message_id
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording

_TARGETS_LIMIT = 160
_SUBJECT_LIMIT = 150
_TITLE_LIMIT = 420


def emergency_post(words: Wording, watch: Watch, offline: OfflineMessage) -> Body:
    """Compose what is posted in place of the regular message until that can be recorded."""
    kind, rings = offline.kind, offline.rings
    line = _line(words, watch, kind, waited=offline.waited, title=inert(watch.title, limit=_TITLE_LIMIT))
    known = "alert_recorded" if kind is OfflineKind.ALERT and watch.label is not None else kind.value
    said = words.say(f"emergency.body.{known}", **_facts(words, watch))
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[
            embed(colour=GREY if watch.is_drill else severity_colour(words, watch.severity), description=said)
        ],
        rings=rings,
    )


def emergency_mail(
    words: Wording, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str
) -> Email:
    """Write the email beside it; a retry is the same one."""
    title = plain(watch.title, limit=_SUBJECT_LIMIT)
    line = _line(words, watch, kind, waited=timedelta(), title=title)
    own, begins = (message_id(each, to) for each in (nonce, first))
    return Email(
        to=(to.email or "",),
        subject=plain(line, limit=_SUBJECT_LIMIT),
        body=words.say("emergency.mail.body", line=line, **_facts(words, watch)),
        message_id=own,
        thread_id=None if own == begins else begins,
    )


def _line(words: Wording, watch: Watch, kind: OfflineKind, *, waited: timedelta, title: str) -> str:
    if watch.label is not None:
        title = words.say("emergency.at.label", label=watch.label, title=title)
    span = words.span(waited) if waited else ""
    key = kind if waited or kind is not OfflineKind.ESCALATION else OfflineKind.ALERT
    sign = words.severity_sign(watch.severity, is_drill=watch.is_drill)
    line = words.say(
        f"emergency.line.{key.value}", sign=sign, severity=watch.severity, title=title, waited=span
    )
    targets = words.targets(watch.targets, limit=_TARGETS_LIMIT)
    if targets and kind is not OfflineKind.ESCALATION:
        line = words.say("emergency.at.targets", line=line, targets=targets)
    if watch.is_private:
        line = words.say("private.marked", line=line)
    return words.say("drill.marked", line=line) if watch.is_drill else line


def _facts(words: Wording, watch: Watch) -> dict[str, str]:
    return {"at": words.moment(watch.raised_at), "emoji": words.policy.ack_emoji}
