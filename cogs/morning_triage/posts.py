"""朝の triage in Discord: the post with the gathered incidents, and the reminder of those not taken."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from bot.domain.calendar.business_time import local_moment
from bot.domain.incident.incident import Incident, Status
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import COLOURS, DESCRIPTION_LIMIT, Body, Renderers, embed, message, of
from bot.ui.words.inert import inert, plain
from bot.ui.words.summary import owner
from bot.ui.words.wording import Wording, linked_label, sign_of
from cogs.morning_triage.rules import MorningDelivery, MorningRules, MorningView

#: The custom id of the select that takes one.
TAKE: Final = "mor:v1:take"

_OPTIONS: Final = 25  # Discord: of a select
_FOOT_BUDGET: Final = 300
_LABELS_LIMIT: Final = 300
_SELECT: Final = 3


def morning(words: Wording, view: MorningView) -> Body:
    """Compose the post: each incident and who has it. It is silent: next-business-day work rings no one.

    Args:
        words: The team's.
        view: The gathering as it is now.
    """
    waiting = view.waiting
    day = local_moment(view.morning.day, time(), timezone=words.policy.timezone)
    listed = [_line(words, incident, on=day) for incident in view.incidents]
    lines = words.joined(listed, separator="\n", limit=DESCRIPTION_LIMIT - _FOOT_BUDGET)
    colour = COLOURS[waiting[0].status if waiting else Status.RESOLVED]
    text = "\n\n".join(part for part in (lines, _foot(words, view)) if part)
    title = words.say(
        "morning.title" if waiting else "morning.all_taken",
        day=f"{view.morning.day:%m/%d}",
        waiting=len(waiting),
        count=len(view.incidents),
    )
    return message(
        title,
        embeds=[embed(colour=colour, description=text)],
        components=_take(words, waiting[:_OPTIONS]),
    )


def morning_nag(words: Wording, view: MorningView) -> Body:
    """Compose the reminder of incidents without a responder, a separate message that answers the post."""
    labels = words.joined([incident.label for incident in view.waiting], limit=_LABELS_LIMIT)
    return message(words.say("morning.nag", count=len(view.waiting), labels=labels))


def _line(words: Wording, incident: Incident, *, on: datetime) -> str:
    if incident.is_private:
        state = words.state(incident)
        return words.say("morning.private", state=state, label=incident.label, severity=incident.severity)
    return words.say(
        "morning.line",
        sign=sign_of(incident),
        label=linked_label(incident),
        severity=incident.severity,
        title=inert(incident.title, limit=150),
        at=words.moment(incident.started_at),
        owner=owner(words, incident, on=on),
    )


def _foot(words: Wording, view: MorningView) -> str:
    rule, hours = words.policy.of(MorningRules).triage, words.policy.business_hours
    if not view.waiting or rule is None:
        return ""
    if rule.nag_every is None:
        return words.say("morning.foot_quiet")
    at = local_moment(view.morning.day, hours.triage_by, timezone=hours.timezone)
    return words.say("morning.foot", at=f"{at:%H:%M}", every=words.span(rule.nag_every))


def _take(words: Wording, waiting: Sequence[Incident]) -> list[Component]:
    if not waiting:
        return []
    select: Component = {
        "type": _SELECT,
        "custom_id": TAKE,
        "placeholder": words.say("morning.take"),
        "options": [
            {
                "label": f"{incident.label} {incident.severity}",
                "value": str(incident.id),
                "description": "🔒" if incident.is_private else plain(incident.title, limit=100),
            }
            for incident in waiting
        ],
    }
    return row([select])


RENDERERS: Final[Renderers] = {
    MorningDelivery.POST: of(MorningView, morning),
    MorningDelivery.NAG: of(MorningView, morning_nag),
}
