"""The messages about teams: DMs to called people, lines in threads, answers to commands."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, Status
from bot.domain.severity import Mention
from bot.services.ports import Subject
from bot.ui.buttons import IncidentVerb, row
from bot.ui.posts.bodies import HERE, Body, NoticeLooks, Renderers, about, line, message
from bot.ui.posts.incident.alert import impact
from bot.ui.posts.paging import page_embed
from bot.ui.words.summary import summary
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Voice, Wording, home, linked_label
from cogs.teams.rules import (
    CallData,
    CalledEntry,
    CalledNotice,
    HandedEntry,
    HandedNotice,
    TeamDelivery,
    UnansweredEntry,
    UnansweredNotice,
)
from cogs.teams.use_cases import Called


def _call(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the DM that asks the person on call of another team to join."""
    incident, data = about(Incident, delivery, subject), CallData.from_json(delivery.data)
    asked = "of_teams.dm.asked" if data.by else "of_teams.dm.passed"
    first = words.say(asked, who=words.who(data.by), team=words.team(data.team))
    return _dm(
        words,
        incident,
        first,
        words.say(f"of_teams.dm.{'due_last' if data.is_last else 'due'}", at=words.moment(data.due_at)),
    )


def _unanswered(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the post about a call without an answer, for the team's channel or as a DM to its people."""
    incident, data = about(Incident, delivery, subject), CallData.from_json(delivery.data)
    team = words.team(data.team)
    if delivery.to.startswith("person:"):
        return _dm(words, incident, words.say("of_teams.dm.unanswered", team=team), "")
    rings = incident.rings and words.policy.rules(incident.severity, team=data.team).mention is Mention.HERE
    text = words.say(
        "of_teams.unanswered",
        here=HERE if rings else "",
        label=linked_label(incident),
        severity=incident.severity,
        team=team,
    )
    return message(text.strip(), rings=rings)


def _dm(words: Wording, incident: Incident, first: str, last: str) -> Body:
    """Return a DM about *incident* that lets its reader join while it is open."""
    label = "take" if incident.status is Status.TRIGGERED else "join"
    take = words.buttons.make(IncidentVerb.ACK, incident.id, words=label)
    link = words.buttons.link(*home(incident))
    lines = [first, impact(words, incident), last if incident.is_open else ""]
    return message(
        summary(words, incident),
        embeds=[page_embed(words, incident, lines)],
        components=row([take, link] if incident.is_open else [link]),
    )


def handed_answer(voice: Voice, incident: Incident) -> str:
    """Return the answer to the person who handed an incident over."""
    channel = voice.policy.rules_of(incident).channel
    team = voice.team(incident.team)
    return voice.say("of_teams.answer.handed", label=incident.label, team=team, channel=channel)


def called_answer(voice: Voice, done: Called) -> str:
    """Return the answer to the person who called another team."""
    return voice.say(
        f"of_teams.answer.{'called_last' if done.is_last else 'called'}",
        label=done.incident.label,
        team=voice.team(done.call.team),
        place=done.place,
        at=voice.moment(done.call.due_at),
    )


def team_line(voice: Voice, incident: Incident, _read: None) -> str:
    """Return the line of `/incident show`; empty for the default team."""
    return voice.say("of_teams.line", team=incident.team) if incident.team else ""


def _handed(words: Wording, entry: HandedEntry, _limit: int) -> Iterator[str]:
    yield f"{words.team(entry.before)} → {words.team(entry.after)}"
    if entry.reason:
        yield entry.reason


def _of_call(words: Wording, entry: CalledEntry, _limit: int) -> Iterator[str]:
    yield f"{words.team(entry.team)} ({entry.place})"


def _of_silence(words: Wording, entry: UnansweredEntry, _limit: int) -> Iterator[str]:
    yield words.team(entry.team)


ENTRIES: Final = (
    EntryLook(HandedEntry, _handed),
    EntryLook(CalledEntry, _of_call),
    EntryLook(UnansweredEntry, _of_silence),
)

NOTICES: Final[NoticeLooks] = (
    line(
        HandedNotice,
        "of_teams.notice.handed",
        before=lambda words, _incident, notice: words.team(notice.before),
        after=lambda words, _incident, notice: words.team(notice.after),
    ),
    line(
        CalledNotice,
        lambda notice: "of_teams.notice.called_again" if notice.again else "of_teams.notice.called",
        team=lambda words, _incident, notice: words.team(notice.team),
        place=lambda _words, _incident, notice: notice.place,
        at=lambda words, _incident, notice: words.moment(notice.due_at),
    ),
    line(
        UnansweredNotice,
        "of_teams.notice.unanswered",
        team=lambda words, _incident, notice: words.team(notice.team),
    ),
)

RENDERERS: Final[Renderers] = {TeamDelivery.CALL: _call, TeamDelivery.UNANSWERED: _unanswered}
