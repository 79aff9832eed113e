"""Status updates: the post in the thread, the reminder when one is due, the sheet's lines, the answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incident.incident import Incident, Status, UsersAffected
from bot.domain.incident.records import UpdatedNotice, UpdateDueNotice
from bot.services.incidents.updates import UpdateResult
from bot.ui.buttons import IncidentVerb, row
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, NoticeLook, NoticeLooks, by, colour_of, embed, message
from bot.ui.posts.incident.thread import suggested
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.wording import Voice, Wording, relative

# As typed 1,000 and 300 characters; each may need an escape.
_KNOWN_BUDGET: Final = 2_100
_IMPACT_BUDGET: Final = 650
_SHEET_BUDGET: Final = 300


def updated(words: Wording, incident: Incident, notice: UpdatedNotice) -> Body:
    """Compose the full status update; it pings no one."""
    at = words.clock(notice.at, on=incident.triggered_at)
    head = words.say("updates.post.head", at=at, who=by(words, notice))
    state = [] if notice.phase is None else [words.say("updates.post.state", state=words.phase(notice.phase))]
    users = [] if notice.users is None else [words.say("updates.post.users", users=words.users(notice.users))]
    lines = [*state, *_words(words, notice), *users, next_update(words, incident, notice.next_at)]
    body, tell = "\n".join(lines), []
    affected = replace(incident, users_affected=notice.users)
    if notice.users is UsersAffected.YES and (verb := suggested(words.policy, affected)) is not None:
        tell = row([words.buttons.make(verb, incident.id)])
    if len(head) + len(body) < CONTENT_LIMIT:
        return message(f"{head}\n{body}", components=tell)
    shown = embed(colour=colour_of(words, incident), description=body)
    return message(head, embeds=[shown], components=tell)


def update_due(words: Wording, incident: Incident, notice: UpdateDueNotice) -> Body:
    """Compose the reminder that an update is due; it pings only the lead, and no one in a silenced incident.

    In a private thread it pings only the lead that it was decided for, because a mention lets people in. If
    no lead can be asked, a person on call is mentioned in front when it is sent (`UpdateDueNotice.asks`).
    """
    lead = incident.lead_without(notice.gone)
    is_known = lead is not None and (not incident.is_private or lead.id == notice.lead_id)
    is_stand_in = lead is not None and lead.id <= 0  # acknowledged by email while Discord could not be asked
    rings = incident.rings and is_known and not is_stand_in
    at, ago = words.clock(notice.due_at, on=incident.triggered_at), relative(notice.due_at)
    if lead is None:
        line = words.say("updates.due.anybody", label=incident.label, at=at, ago=ago)
    else:
        who = f"<@{lead.id}>" if rings else words.who(lead.name)
        line = words.say("updates.due.line", who=who, label=incident.label, at=at, ago=ago)
    if (last := incident.updates.last) is None:
        so_far = words.say("updates.due.none")
    else:
        last_at = words.clock(last.at, on=incident.triggered_at)
        so_far = words.say("updates.due.last", at=last_at, ago=relative(last.at))
    make = words.buttons.make
    lines, verbs = [line, so_far], [IncidentVerb.DETAILS]
    if notice.lapses_at is not None:
        lapses = words.clock(notice.lapses_at, on=incident.triggered_at)
        lines.append(words.say("updates.due.lapses", at=lapses))
        verbs.append(IncidentVerb.HAND_BACK)
    verbs.append(IncidentVerb.WHY)
    body = message("\n".join(lines), components=row([make(verb, incident.id) for verb in verbs]))
    if lead is not None and rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(lead.id)]}
    return body


def sheet_lines(words: Wording, incident: Incident) -> Iterator[str]:
    """Yield the last update and its impact, at more length than the alert and the card have room for."""
    last = incident.updates.last
    if last is not None and last.known:
        at = words.clock(last.at, on=incident.triggered_at)
        known = inert(last.known, limit=_SHEET_BUDGET)
        yield words.say("updates.sheet.last", at=at, who=words.who(last.by), known=known)
    if last is not None and last.impact:
        yield words.say("updates.sheet.impact", impact=inert(last.impact, limit=_SHEET_BUDGET))


def told(voice: Voice, result: UpdateResult) -> str:
    """Say what the form of a status update has changed."""
    incident, lines = result.incident, []
    if result.posted:
        lines.append(voice.say("updates.said.posted", label=incident.label))
        due_at = incident.updates.due_at
        if due_at is None:
            lines.append(voice.say("updates.said.no_next"))
        else:
            at = voice.clock(due_at, on=incident.triggered_at)
            lines.append(voice.say("updates.said.next", at=at))
    if result.detailed:
        lines.append(voice.say("updates.said.details", label=incident.label))
    if is_unanswered(result):  # an update does not acknowledge, and the state is shown only after that
        lines.append(voice.say("updates.said.not_acknowledged", emoji=voice.policy.ack_emoji))
        if (phase := incident.phase) is not None:
            lines.append(voice.say("updates.said.phase_later", state=voice.phase(phase)))
    return "\n".join(lines)


def is_unanswered(result: UpdateResult) -> bool:
    """Return True if an update was posted on an incident that no one has acknowledged."""
    return result.posted and result.incident.status is Status.TRIGGERED


def _words(words: Wording, notice: UpdatedNotice) -> Iterator[str]:
    """Yield what is known, and the impact; nothing for a mere promise of the next update."""
    if notice.known is None:
        return
    known = inert_lines(notice.known, limit=_KNOWN_BUDGET)
    impact = inert_lines(notice.impact or "", limit=_IMPACT_BUDGET)
    if known:
        yield known
    if impact:
        yield words.say("updates.post.impact", impact=impact)
    elif not known:  # it was taken back
        yield words.say("updates.post.no_impact")


def next_update(words: Wording, incident: Incident, due_at: datetime | None) -> str:
    """Say when the next update comes: "**次の更新：** 14:37 JST (29 分後)"; or that none is planned."""
    if due_at is None:
        return words.say("updates.post.no_next")
    at = words.clock(due_at, on=incident.triggered_at)
    return words.say("updates.post.next", at=at, left=relative(due_at))


NOTICES: Final[NoticeLooks] = (NoticeLook(UpdatedNotice, updated), NoticeLook(UpdateDueNotice, update_due))
