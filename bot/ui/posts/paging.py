"""The messages that page people: DMs and escalations, each alone or many as one bundle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Why, WhyKind, present_deadline, waits_since
from bot.domain.escalation.pages import LISTED, Bundle
from bot.domain.escalation.payloads import NextStep, PagingData
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.parts import CallStep
from bot.domain.incident.posting import is_followed
from bot.domain.oncall.people import marked
from bot.domain.payloads import UNSET, Unset
from bot.domain.severity import Mention
from bot.services.ports import Subject
from bot.ui.buttons import BundleVerb, Component, IncidentVerb, Option, row
from bot.ui.posts.bodies import HERE, Body, Renderers, about, colour_of, embed, message, of, severity_colour
from bot.ui.posts.calls import (
    ack_by,
    called,
    called_before,
    few_people,
    has_declined,
    is_passed_on,
    others_called,
    otherwise,
    shared,
    whom,
    yours,
)
from bot.ui.posts.incident.aftermath import own_postmortem
from bot.ui.posts.incident.alert import how_bad, impact
from bot.ui.words.inert import plain
from bot.ui.words.summary import escalated, summary
from bot.ui.words.wording import Wording, home, home_url, place_url, relative

#: Reasons that concern the former responder, whom they give by name and not by on-call place.
_WAS_ON_IT: Final = (WhyKind.LAPSED, WhyKind.RELEASED)

#: How far apart the messages of one step may be.
SAME_MOMENT: Final = timedelta(seconds=1)

#: What a phone shows without scrolling for long; the select below has a few more.
_LINES: Final = 15
_TARGETS_LIMIT: Final = 60
_OPTION_LIMIT: Final = 100  # Discord: a label or description of a select's option


def page(
    words: Wording, incident: Incident, data: PagingData, *, reader: str | None, queued_at: datetime
) -> Body:
    """Compose the DM: how bad, what to do, by when, and what happens otherwise.

    Args:
        words: The team's.
        incident: As it is now.
        data: As `bot.services.escalation.step_messages` queued it.
        reader: The handle of the person it goes to.
        queued_at: When it was stored.
    """
    is_theirs = _is_theirs(words, incident, reader)
    if incident.status is Status.TRIGGERED:
        lines = _asked(words, incident, data, reader or "", queued_at)
    elif is_theirs:
        lines = [yours(words, incident), otherwise(words, incident)]
    else:
        lines = [own_postmortem(words, incident, reader) or words.say("page.dm.taken")]
    return message(
        summary(words, incident),
        embeds=[page_embed(words, incident, lines)],
        components=_controls(words, incident, is_theirs=is_theirs),
    )


def escalation(words: Wording, incident: Incident, data: PagingData) -> Body:
    """Compose the message in the channel: no one has acknowledged. It rings when the ladder's step says so.

    Args:
        words: The team's.
        incident: As it is now.
        data: As `bot.services.escalation.step_messages` queued it.
    """
    waiting = incident.status is Status.TRIGGERED
    rings = waiting and incident.rings and data.mention == Mention.HERE.value
    line = escalated(words, incident) if waiting else summary(words, incident)
    lines = [how_bad(words, incident)]
    if waiting:
        is_of_this_wait = _is_of_this_wait(incident, data)
        lines += [*(_cause(words, data) if is_of_this_wait else ()), *_tried(words, incident, data)]
        lines.append(_otherwise(words, incident, data, again="escalation.next_channel"))
        lines.append(_overdue(words, incident, data.overdue) if is_of_this_wait else "")
    buttons, asking = words.buttons, (IncidentVerb.ACK, IncidentVerb.DECLINE) if waiting else ()
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[page_embed(words, incident, lines)],
        components=row(
            [
                *(buttons.make(verb, incident.id) for verb in asking),
                buttons.link(*home(incident)),
                buttons.make(IncidentVerb.WHY, incident.id),
            ]
        ),
        rings=rings,
    )


def followed(words: Wording, incident: Incident, data: PagingData) -> Body:
    """Compose what is left of an escalation after a newer one: a line that points to that one."""
    newest = incident.escalation
    url = place_url(incident.guild_id, newest.channel_id or 0, newest.message_id)
    at = words.hour(asked_at(incident, data), on=incident.triggered_at)
    line = words.say("escalation.followed", label=incident.label, at=at, url=url)
    return message(words.drilled(incident, line))


def _controls(words: Wording, incident: Incident, *, is_theirs: bool) -> list[Component]:
    """Return the buttons to acknowledge; then the responder's next steps, or a link for the others."""
    buttons, number = words.buttons, incident.id
    why = buttons.make(IncidentVerb.WHY, number)
    if incident.status is Status.TRIGGERED:
        link = buttons.link("to_post", home_url(incident))
        ack, decline = (buttons.make(verb, number) for verb in (IncidentVerb.ACK, IncidentVerb.DECLINE))
        return row([ack, link, decline, why])
    link = buttons.link(*home(incident))
    if not is_theirs:
        return row([link, why])
    hand_back = buttons.make(IncidentVerb.HAND_BACK, number)
    if incident.kind is IncidentKind.ALERT:  # it has no updates and no roles
        return row([link, hand_back])
    commands = incident.commander is not None and incident.commander.id == incident.owner.id
    command = None if commands else buttons.make(IncidentVerb.COMMAND, number)
    return row([link, *buttons.of(incident, IncidentVerb.DETAILS), command, hand_back])


def _is_theirs(words: Wording, incident: Incident, reader: str | None) -> bool:
    """Return True if the person with the handle *reader* has the incident."""
    now = incident.owner
    if reader is None or not incident.is_open or now.id is None or now.name is None:
        return False
    return words.means(reader, user_id=now.id, name=now.name)


def _asked(
    words: Wording, incident: Incident, data: PagingData, reader: str, queued_at: datetime
) -> list[str]:
    """Say how bad it is, why this person is paged and what to do, and what happens otherwise.

    A person who declined reads who was called instead; a DM that a newer one followed says only that.
    """
    asked = [words.sentences(_reason(words, incident, data, reader), _do(words, incident, data))]
    if is_declined := has_declined(incident, reader, asked_at=asked_at(incident, data)):
        key = "declined_own" if is_passed_on(incident, reader=reader) else "declined_last"
        asked = [words.say(f"page.dm.{key}"), *others_called(words, incident, reader=reader)]
    if has_newer_page(words, incident, data, reader=reader, queued_at=queued_at):
        return [*(asked if is_declined else ()), words.say("page.dm.followed")]
    return [
        impact(words, incident),
        *asked,
        _otherwise(words, incident, data, again="page.dm.otherwise_channel"),
        *_tried_before(words, incident, data, reader),
    ]


def _is_late(incident: Incident, data: PagingData) -> bool:
    """Return True if the message is sent because the deadline was missed."""
    return data.why is None and not data.declined_by and has_missed(incident, data)


def _do(words: Wording, incident: Incident, data: PagingData) -> str:
    """Say what to do, in bold, and how much time is left for it."""
    due, emoji = None if _is_late(incident, data) else ack_by(incident), words.policy.ack_emoji
    if due is None:
        return words.say("page.dm.do_now", emoji=emoji)
    return words.say("page.dm.do", emoji=emoji, left=relative(due))


def _reason(words: Wording, incident: Incident, data: PagingData, reader: str) -> str:
    """Say why this person is paged."""
    if (why := data.why) is not None:
        if why.kind in _WAS_ON_IT and why.is_about(reader, user_id=words.user_ids.get(reader)):
            return words.say(f"page.dm.{why.kind.value}_own")
        return words.say(f"page.dm.{why.kind.value}", who=_who(words, why))
    if data.declined_by:
        return words.say("page.dm.passed_on", who=words.who(data.declined_by))
    if not has_missed(incident, data):
        return words.say("page.dm.on_call")
    due = present_deadline(incident) or incident.ack_due_at
    at = words.clock(due, on=incident.triggered_at)
    return words.say("page.dm.missed", at=at, ago=relative(due))


def _tried_before(words: Wording, incident: Incident, data: PagingData, reader: str) -> list[str]:
    """Return who did not answer, with the times of their DMs, if that is why this step pages *reader*."""
    decided_at = asked_at(incident, data)
    if data.why is not None or data.declined_by or has_declined(incident, reader, asked_at=decided_at):
        return []
    # DMs of the same moment went to the other people whom this step pages.
    return called_before(words, incident, decided_at - SAME_MOMENT, reader=reader)


def _otherwise(words: Wording, incident: Incident, data: PagingData, *, again: str) -> str:
    """Say what happens without an acknowledgement; empty where it is not known.

    Args:
        again: The text for a step that notifies the channel alone.
    """
    following: NextStep | CallStep | Unset | None
    if incident.calls.steps:
        following = incident.calls.following
    else:  # as it was when the message was queued
        following = data.next if is_of_this_ladder(incident, data) else UNSET
    if following is UNSET:
        return ""
    if following is None:
        return words.say("page.dm.otherwise_nobody")
    at = words.clock(following.due_at, on=incident.triggered_at)
    people = whom(words, incident, following.mention, following.dm, also=following.also)
    return words.say("page.dm.otherwise" if people else again, at=at, whom=people)


def _who(words: Wording, why: Why) -> str:
    return words.who(why.who) if why.kind in _WAS_ON_IT else words.on_call([why.who])


def _cause(words: Wording, data: PagingData) -> list[str]:
    """Return why an escalation comes before its time, if it does."""
    why = data.why
    return [] if why is None else [words.say(f"escalation.why.{why.kind.value}", who=_who(words, why))]


def _tried(words: Wording, incident: Incident, data: PagingData) -> list[str]:
    """Return a line for each person: how many DMs have arrived, that none has, and that one goes out now.

    Below them are the ways out of Discord that page by themselves.

    Where the DMs are not known one by one, the delivery says what it was queued with.
    """
    if incident.calls.pages:
        outside = words.listed(shared(words, incident))
        return [*called(words, incident), *([words.say("outside.shared", ways=outside)] if outside else [])]
    lines = {}
    for who, count in (data.told or {}).items():
        key = "escalation.told" if count > 1 else "escalation.told_once"
        lines[who] = words.say(key, who=words.on_call([who]), count=count)
    for who in data.unreached or ():
        lines[who] = words.say("escalation.unreached", who=words.on_call([who]))
    for who in data.dm or ():
        now = words.say("escalation.dm", who=words.on_call([who]))
        lines[who] = words.say("escalation.told_now", told=lines[who]) if who in lines else now
    return few_people(words, list(lines.values()))


def _overdue(words: Wording, incident: Incident, times: Sequence[datetime]) -> str:
    """Say which earlier steps, due at *times* and not sent on time, this message covers; "" for none."""
    if not times:
        return ""
    first, last = (words.clock(at, on=incident.triggered_at) for at in (times[0], times[-1]))
    key = "escalation.overdue" if len(times) > 1 else "escalation.overdue_once"
    return words.say(key, first=first, last=last, count=len(times))


def page_embed(words: Wording, incident: Incident, lines: Sequence[str]) -> Body:
    """Return *lines*, and in small letters where it is, since when, and its number."""
    started = words.say("alert.small.started", at=words.moment(incident.started_at))
    facts = [words.targets(incident.targets, limit=_TARGETS_LIMIT), started, incident.label]
    small = words.say("page.small", facts=" · ".join(fact for fact in facts if fact))
    shown = (line for line in (*lines, small) if line)
    return embed(colour=colour_of(words, incident), description="\n".join(shown))


def _page(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    incident, data = about(Incident, delivery, subject), PagingData.from_json(delivery.data)
    return page(words, incident, data, reader=delivery.recipient, queued_at=delivery.created_at)


def _escalation(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    incident, data = about(Incident, delivery, subject), PagingData.from_json(delivery.data)
    return (followed if is_followed(delivery, incident) else escalation)(words, incident, data)


def is_of_this_ladder(incident: Incident, data: PagingData) -> bool:
    """Return whether the severity is still the one whose ladder queued this; another has its own deadline."""
    return data.severity in (None, incident.severity)


def _is_of_this_wait(incident: Incident, data: PagingData) -> bool:
    """Return True if since this was decided no severity has changed and no acknowledgement has ended.

    The end of an acknowledgement itself may be what it was decided for.
    """
    ended = incident.ack_ended
    is_old = ended is not None and asked_at(incident, data) < ended.at - SAME_MOMENT
    return is_of_this_ladder(incident, data) and not is_old


def has_missed(incident: Incident, data: PagingData) -> bool:
    """Return True if the deadline had passed when this step of the present ladder was taken."""
    due = present_deadline(incident)
    return is_of_this_ladder(incident, data) and due is not None and asked_at(incident, data) >= due


def asked_at(incident: Incident, data: PagingData) -> datetime:
    """Return when the message was decided."""
    return incident.triggered_at + timedelta(seconds=data.waited_s)


def times_waited(words: Wording, incident: Incident, data: PagingData) -> dict[str, str]:
    """Return the placeholders `since` (when the wait began) and `waited` (its length) of a message."""
    at = asked_at(incident, data)
    since = waits_since(incident, at=at)
    return {"waited": words.span(at - since), "since": words.clock(since, on=incident.triggered_at)}


def had_a_responder(incident: Incident, data: PagingData) -> bool:
    """Return True if an acknowledgement had ended when the message was decided: "no ack" would be untrue."""
    return waits_since(incident, at=asked_at(incident, data)) != incident.triggered_at


def has_newer_page(
    words: Wording, incident: Incident, data: PagingData, *, reader: str, queued_at: datetime
) -> bool:
    """Return True if *reader* was sent a later DM, which has the state from then on.

    Args:
        queued_at: When this one was stored: of one sent without the database, that is later than its step.
    """
    own = words.on_call([marked(reader)])
    after = max(asked_at(incident, data) + SAME_MOMENT, queued_at)
    later = [page for page in incident.calls.pages if page.asked_at > after and not page.is_refused]
    return any(words.on_call([page.who]) == own for page in later)


def bundle_post(words: Wording, bundle: Bundle) -> Body:
    """Compose the bundle: count, severity and wait, then the oldest incidents. It rings as each one would."""
    rings = bool(bundle.waiting) and bundle.mention == Mention.HERE.value
    key = "done" if not bundle.waiting else "waiting" if bundle.waiting == bundle.count else "some"
    if key == "waiting" and _is_new(bundle):
        key = "new"
    sign = words.severity_sign(bundle.severity, is_drill=False)
    fields = {"sign": sign, "severity": bundle.severity, "count": bundle.count, "waiting": bundle.waiting}
    line = words.say(f"bundle.line.{key}", **fields)
    components: list[Component] = []
    if bundle.waiting:
        options = [_option(words, incident) for incident in bundle.shown[:LISTED]]
        placeholder = words.say("bundle.choose")
        components = [
            *row([words.buttons.make(BundleVerb.ALL, bundle.id)]),
            *words.buttons.select(BundleVerb.PICK, bundle.id, options=options, placeholder=placeholder),
        ]
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[
            embed(
                colour=severity_colour(words, bundle.severity), description="\n".join(_lines(words, bundle))
            )
        ],
        components=components,
        rings=rings,
    )


def waited(words: Wording, bundle: Bundle, incident: Incident) -> str:
    """Return how long the incident has waited for an acknowledgement: "15 分"."""
    return words.span(bundle.now - incident.triggered_at)


def _lines(words: Wording, bundle: Bundle) -> list[str]:
    if not bundle.waiting:
        return [words.say("bundle.nothing_left")]
    key = "means_one" if bundle.waiting == 1 else "means_all"  # what 👀 does
    count = {} if bundle.waiting == 1 else {"count": bundle.waiting}
    lines = [
        words.sentences(
            words.say("bundle.on_call") if bundle.kind is DeliveryKind.PAGE else "",
            _urgency(words, bundle),
        ),
        words.say(f"bundle.{key}", emoji=words.policy.ack_emoji, **count),
        *(_item(words, bundle, incident) for incident in bundle.shown[:_LINES]),
    ]
    more = bundle.waiting - min(len(bundle.shown), _LINES)
    return [*lines, words.say("bundle.more", count=more)] if more else lines


def _is_new(bundle: Bundle) -> bool:
    """Return whether no ack deadline has passed yet; until then a missing ack is not worth mentioning."""
    return all(incident.ack_due_at > bundle.now for incident in bundle.shown)


def _urgency(words: Wording, bundle: Bundle) -> str:
    """Say the first ack deadline while none has passed, else how long the oldest incident has waited."""
    first = bundle.shown[0]
    if not _is_new(bundle):
        return words.say("bundle.oldest", waited=waited(words, bundle, first))
    due_at = min(incident.ack_due_at for incident in bundle.shown)
    return words.say("bundle.due", at=words.clock(due_at, on=first.triggered_at))


def _item(words: Wording, bundle: Bundle, incident: Incident) -> str:
    since = words.clock(incident.triggered_at, on=incident.triggered_at)
    facts = {
        "label": incident.label,
        "waited": since if _is_new(bundle) else waited(words, bundle, incident),
    }
    if incident.is_private:  # made so after it was bundled
        return words.say("bundle.item_hidden", **facts)
    title, targets = words.title(incident), words.targets(incident.targets, limit=_TARGETS_LIMIT)
    key = "item_with_targets" if targets else "item"
    return words.say(f"bundle.{key}", **facts, title=title, **({"targets": targets} if targets else {}))


def _option(words: Wording, incident: Incident) -> Option:
    if incident.is_private:
        return Option(str(incident.id), incident.label)
    title = plain(f"{incident.label} {incident.title}", limit=_OPTION_LIMIT)
    return Option(str(incident.id), title, plain(words.listed(incident.targets), limit=_OPTION_LIMIT))


RENDERERS: Final[Renderers] = {
    DeliveryKind.PAGE: _page,
    DeliveryKind.ESCALATION: _escalation,
    DeliveryKind.BUNDLE: of(Bundle, bundle_post),
}
