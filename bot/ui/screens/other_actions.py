"""[その他…] of an incident: what one person can do with it, beside what its posts offer already."""

from collections.abc import Iterator, Mapping

from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.parts import Source
from bot.services.incidents.queries import OfferedActions
from bot.services.shared.access import Act
from bot.ui.buttons import Component, IncidentVerb, Verb
from bot.ui.components import Screen, made_of, row, text, to_places
from bot.ui.errors import describe
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.controls import called_for, own_choices
from bot.ui.posts.incident.roles import VERBS
from bot.ui.posts.triage import triage_button
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice

_ROW_LIMIT = 5  # Discord: buttons in a row

#: The permission that an action takes, where people without it are not offered it.
_ACTS: Mapping[Verb, Act] = {
    IncidentVerb.ACK: Act.ACKNOWLEDGE,
    IncidentVerb.HAND_BACK: Act.RELEASE,
    IncidentVerb.DECLINE: Act.DECLINE,
    IncidentVerb.DETAILS: Act.UPDATE,
    IncidentVerb.SEVERITY: Act.CHANGE_SEVERITY,
    IncidentVerb.EDIT: Act.EDIT,
    IncidentVerb.RESOLVE: Act.RESOLVE,
    IncidentVerb.RESOLUTION: Act.CORRECT_RESOLUTION,
    IncidentVerb.REOPEN: Act.REOPEN,
    IncidentVerb.FALSE_ALARM: Act.CANCEL,
    IncidentVerb.NOTE: Act.NOTE,
    **dict.fromkeys(VERBS, Act.TAKE_ROLE),
}


def others_screen(voice: Voice, offered: OfferedActions) -> Screen:
    """Show the actions in rows: answering, changing, roles, looking; then the ways to post and thread."""
    incident = offered.incident
    groups = [list(_answering(voice, offered)), list(_changing(voice, offered))]
    groups += [_made(voice, offered, *_roles(offered)), list(_recording(voice, offered))]
    rows = [
        row(*map(made_of, group[start : start + _ROW_LIMIT]))
        for group in groups
        for start in range(0, len(group), _ROW_LIMIT)
    ]
    refusal = "" if offered.refusal is None else describe(voice, offered.refusal)
    return Screen(
        text(summary(voice, incident), voice.say("consoles.others"), refusal),
        rows=[*rows, row(*to_places(voice, incident))],
        colour=colour_of(voice, incident),
    )


def _answering(voice: Voice, offered: OfferedActions) -> Iterator[Component]:
    incident = offered.incident
    if incident.status is Status.TRIGGERED:
        yield from _made(voice, offered, IncidentVerb.DECLINE)
    elif incident.is_open and offered.responds:
        yield from _made(voice, offered, IncidentVerb.HAND_BACK)
    elif incident.is_open and offered.may(Act.ACKNOWLEDGE):
        yield voice.buttons.make(IncidentVerb.ACK, incident.id, words="join")
    yield from _made(voice, offered, IncidentVerb.WHY)


def _changing(voice: Voice, offered: OfferedActions) -> Iterator[Component]:
    incident, is_alert = offered.incident, offered.incident.kind is IncidentKind.ALERT
    if not incident.is_open:
        verbs = [IncidentVerb.RESOLUTION] if incident.status is Status.RESOLVED else []
        again = [] if incident.is_drill else [IncidentVerb.REOPEN]
        yield from _made(voice, offered, *verbs, IncidentVerb.EDIT, *again)
        return
    if is_alert and offered.may(Act.DECLARE):
        yield triage_button(voice, incident, _shown_by(incident))
    yield from _made(
        voice,
        offered,
        *([IncidentVerb.FALSE_ALARM] if is_alert else [IncidentVerb.DETAILS]),
        IncidentVerb.SEVERITY,
        IncidentVerb.EDIT,
        IncidentVerb.RESOLVE,
    )


def _shown_by(alert: Incident) -> Source | None:
    """Return the message that shows *alert*: the monitor's, else the bot's own post; None without one.

    The screen itself, below which the button stands, is no message that a triage can be of.
    """
    post = alert.post
    if alert.tracked.source is not None or post.channel_id is None or post.message_id is None:
        return alert.tracked.source
    return Source(post.channel_id, post.message_id, alert.reported_by.name)


def _roles(offered: OfferedActions) -> Iterator[IncidentVerb]:
    """Yield the roles that the person may take; an alert has none."""
    incident = offered.incident
    if not incident.is_open or incident.kind is IncidentKind.ALERT:
        return
    for verb, role in VERBS.items():
        holder = incident.roles.get(role)
        if holder is None or holder.id != offered.reader_id:
            yield verb


def _recording(voice: Voice, offered: OfferedActions) -> Iterator[Component]:
    incident = offered.incident
    yield from _made(
        voice,
        offered,
        IncidentVerb.FIRST,
        IncidentVerb.NOTE,
        IncidentVerb.TIMELINE,
        *(choice.verb for choice in own_choices(voice.policy, incident)),
    )
    yield voice.buttons.make(IncidentVerb.VIEW, incident.id, words="see")


def _made(voice: Voice, offered: OfferedActions, *verbs: Verb) -> list[Component]:
    """Return grey buttons of *verbs*, without what the posts offer and what the person may not do."""
    shown = called_for(voice.policy, offered.incident)
    return [
        voice.buttons.grey(verb, offered.incident.id)
        for verb in verbs
        if verb not in shown and ((act := _ACTS.get(verb)) is None or offered.may(act))
    ]
