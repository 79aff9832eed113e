"""Roles in an incident: the card's line, the lines in the thread, the DM to a new holder, the answers."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, PersonRef, Role, Status
from bot.domain.incident.posting import RoleDm
from bot.domain.incident.records import RoleChangedNotice, RoleUndeliveredNotice
from bot.services.incidents.roles import Assigned
from bot.services.ports import Subject
from bot.ui.buttons import IncidentVerb, row
from bot.ui.components import Screen, button, made_of, text
from bot.ui.components import row as controls
from bot.ui.posts.bodies import Body, NoticeLook, NoticeLooks, Renderers, about, by, colour_of, embed, message
from bot.ui.posts.calls import next_step
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice, Wording, home

SIGNS: Final = {Role.COMMANDER: "🧭", Role.COMMUNICATOR: "💬", Role.SCRIBE: "✍️"}
VERBS: Final = {
    IncidentVerb.COMMAND: Role.COMMANDER,
    IncidentVerb.COMMUNICATE: Role.COMMUNICATOR,
    IncidentVerb.SCRIBE: Role.SCRIBE,
}


def roles_line(words: Wording, incident: Incident) -> str:
    """Return the card's line: "🧭 指揮：@primary  💬 広報：未定  ✍️ 記録：未定"."""
    places = []
    for role in Role:
        if (holder := incident.roles.get(role)) is None:
            places.append(words.say("roles.card.vacant", **_named(words, role)))
        else:
            places.append(words.say("roles.card.held", **_named(words, role), who=words.who(holder.name)))
    return "  ".join(places)


def role_changed(words: Wording, _incident: Incident, notice: RoleChangedNotice) -> Body:
    """Compose the line in the thread: the role's holder, the former one, and who changed it. Pings no one."""
    own = notice.holder or notice.former
    is_own = own is not None and own.id == notice.by_id
    if notice.gone:
        how = "gone"
    elif notice.holder is None:
        how = "left" if is_own else "removed"
    else:
        how = ("taken" if is_own else "given") + ("" if notice.former is None else "_over")
    return message(
        words.say(
            f"roles.notice.{how}",
            **_named(words, notice.role),
            who=by(words, notice),
            holder=_who(words, notice.holder),
            former=_who(words, notice.former),
        )
    )


def role_undelivered(words: Wording, _incident: Incident, notice: RoleUndeliveredNotice) -> Body:
    """Compose the line in the thread: the DM failed, so the role's holder must be told in another way."""
    holder = words.who(notice.holder or "?")
    if notice.role is None:
        return message(words.say("roles.notice.undelivered_offer", holder=holder))
    return message(words.say("roles.notice.undelivered", **_named(words, notice.role), holder=holder))


def role_dm(words: Wording, incident: Incident, dm: RoleDm) -> Body:
    """Compose the DM: what was given, by whom, what it means, who has the incident; or that it is over."""
    role, now, owner = dm.role, incident.roles.get(dm.role), incident.owner
    is_theirs = incident.is_open and now is not None and now.id == dm.holder_id
    if is_theirs:
        does = words.say(f"roles.does.{role.value}")
        given = words.say("roles.dm.given", **_named(words, role), who=words.who(dm.by), does=does)
        has_another = owner.name is not None and owner.id != dm.holder_id
        kept = words.say("roles.dm.kept", owner=words.who(owner.name)) if has_another else ""
        lines = [line for line in (given, kept or next_step(words, incident)) if line]
    elif dm.taken_over and incident.is_open:
        lines = [words.say("roles.dm.taken_over", **_named(words, role), who=words.who(dm.by))]
    else:
        lines = [_past(words, incident, role)]
    waiting = is_theirs and incident.status is Status.TRIGGERED
    return message(
        summary(words, incident),
        embeds=[embed(colour=colour_of(words, incident), description="\n".join(lines))],
        components=row(
            [
                words.buttons.make(IncidentVerb.ACK, incident.id) if waiting else None,
                words.buttons.link(*home(incident)),
            ]
        ),
    )


def taken_screen(voice: Voice, result: Assigned) -> Screen:
    """Say that the person took the role, what this means for who has the incident, and the ways from there.

    In case it was a slip of the thumb, they can step down; without having the incident, they can acknowledge.
    """
    how = ("taken" if result.former is None else "taken_over") if result.changed else "taken_before"
    incident, owner = result.incident, result.incident.owner
    has_it = result.holder is not None and result.holder.id == owner.id
    if result.acknowledged:
        means = voice.say("roles.said.acknowledged")
    elif owner.name is None:
        means = voice.say("roles.said.no_ack")
    else:
        means = "" if has_it else voice.say("roles.said.kept", owner=voice.who(owner.name))
    ack = None if has_it else made_of(voice.buttons.make(IncidentVerb.ACK, incident.id))
    step_down = button(
        voice.say("roles.said.step_down"),
        f"inc:v1:release:{result.role.value}:{incident.id}",
        emoji="🙅",
    )
    return Screen(
        text(_said(voice, result, how), means),
        rows=[controls(ack, step_down)],
        colour=colour_of(voice, incident),
    )


def given(voice: Voice, result: Assigned) -> str:
    """Say that another person has the role and is being told."""
    how = ("given" if result.former is None else "given_over") if result.changed else "given_before"
    return _said(voice, result, how)


def released(voice: Voice, result: Assigned) -> str:
    """Say that a role of the incident is free, now or since before."""
    return _said(voice, result, "released" if result.changed else "released_before")


def _said(voice: Voice, result: Assigned, how: str) -> str:
    return voice.say(
        f"roles.said.{how}",
        **_named(voice, result.role),
        label=result.incident.label,
        at=voice.clock(result.at, on=result.incident.triggered_at),
        holder=_who(voice, result.holder),
        former=_who(voice, result.former),
    )


def _past(words: Wording, incident: Incident, role: Role) -> str:
    if not incident.is_open:
        return words.say("roles.dm.over")
    now, named = incident.roles.get(role), _named(words, role)
    if now is None:
        return words.say("roles.dm.vacated", **named)
    return words.say("roles.dm.moved", **named, holder=words.who(now.name))


def _named(words: Wording, role: Role) -> dict[str, str]:
    return {"sign": SIGNS[role], "role": words.say(f"roles.name.{role.value}")}


def _who(words: Wording, person: PersonRef | None) -> str:
    return "" if person is None else words.who(person.name)


NOTICES: Final[NoticeLooks] = (
    NoticeLook(RoleChangedNotice, role_changed),
    NoticeLook(RoleUndeliveredNotice, role_undelivered),
)


def _role_dm(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return role_dm(words, about(Incident, delivery, subject), RoleDm.from_json(delivery.data))


RENDERERS: Final[Renderers] = {DeliveryKind.ROLE_DM: _role_dm}
