"""Writing a postmortem: its facts in the team's words, and a template, rendered in a process of its own."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from itertools import zip_longest
from typing import Final, Protocol

import structlog

from bot.domain.action_items import ActionItem, ActionState
from bot.domain.errors import BotError, UpstreamUnavailable
from bot.domain.escalation.payloads import EscalatedEntry, ReleasedEntry
from bot.domain.incident.incident import ByPerson, Status, number_label
from bot.domain.incident.ownership import Spell
from bot.domain.incident.parts import Postmortem, PostmortemState
from bot.domain.incident.records import JoinedEntry, RoleChangedEntry
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.people import id_of
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line
from bot.domain.timeline.recorded import DeliveryFailedEntry
from bot.i18n import Texts, language_of
from bot.integrations.worker_process import run_worker
from bot.runbook.model import Policy
from bot.services.timeline.timelines import CORRECTION_LIMIT
from bot.ui.pictures import Picture
from bot.ui.words.inert import document_line, document_text, inert, settled
from bot.ui.words.timeline import beside, facts, kind_words, offset, quoted, recorded, source_url, spoken
from bot.ui.words.wording import Wording, channel_name, place_url, state_key, thread_url
from cogs.postmortem.facts import CALLS, CallBy, CallOutcome, PostmortemCall, PostmortemFacts
from cogs.postmortem.pictures import picture_of
from cogs.postmortem.policy import WORKER
from cogs.postmortem.rules import PostmortemRules
from cogs.postmortem.wording import DocumentWording, names_of, worded

log = structlog.get_logger(__name__)

#: Seconds until the process is killed. It ends a template by itself after three, and can name its line then.
DEADLINE_S: Final = 8.0


class TemplateRefused(BotError):
    """A template makes no document: it is wrong, takes too long or too much, or does what it must not.

    Args:
        line: Of the template, from 1; None if no line is to blame.
        reason: One line, in English, by the template's engine.
    """

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class WrittenPostmortem:
    """A document.

    Attributes:
        text: Markdown.
        problem: Why the team's own template did not serve; None: it did, or there is none.
        picture: The picture that it shows; None: it shows none.
    """

    text: str
    problem: str | None = None
    picture: Picture | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what a reader sees, in hex."""
        shown = "" if self.picture is None else json.dumps(self.picture.chart.to_json(), sort_keys=True)
        return sha256(f"{self.text}{shown}".encode()).hexdigest()


class PostmortemWriter(Protocol):
    """Writes postmortems in the team's language."""

    def picture(self, facts: PostmortemFacts) -> Picture | None:
        """Return what a picture of the incident's course shows, which is still to be drawn; None: nothing."""

    async def write(self, facts: PostmortemFacts, *, picture: Picture | None = None) -> WrittenPostmortem:
        """Return the document; the same facts make the same bytes.

        Args:
            picture: The picture that lies beside the document; None: there is none.

        Raises:
            UpstreamUnavailable: it may work later.
        """


class WorkerTemplates:
    """Renders templates, one process each."""

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s

    async def render(self, source: str, values: Mapping[str, object]) -> str:
        """Return the text that the template *source* makes of *values*, which are JSON.

        Raises:
            TemplateRefused. UpstreamUnavailable: no process could be started for it.
        """
        answer = await self._work(json.dumps({"source": source, "context": values, "known": []}).encode())
        if "text" not in answer:
            line = answer["line"]
            raise TemplateRefused(str(answer["reason"]), line=line if isinstance(line, int) else None)
        return str(answer["text"])

    async def _work(self, request: bytes) -> dict[str, int | str | None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                returncode, said = await run_worker("-I", str(WORKER), work=request)
        except TimeoutError:
            raise TemplateRefused(f"takes more than {self._deadline_s:g} s") from None
        except OSError as error:
            raise UpstreamUnavailable(f"no process for a template: {type(error).__name__}") from error
        if returncode != 0:
            log.info("template.refused", returncode=returncode)
            raise TemplateRefused("takes too much time or memory")
        answer: dict[str, int | str | None] = json.loads(said)
        return answer


class TemplateWriter:
    """Writes postmortems in the policy's language.

    Args:
        templates: Renders them, away from the bot's own process.
    """

    def __init__(self, texts: Texts, policy: Policy, templates: WorkerTemplates) -> None:
        self._words = Wording(texts, policy)
        self._policy = policy
        self._templates = templates

    def picture(self, facts: PostmortemFacts) -> Picture | None:
        """See `PostmortemWriter`."""
        return picture_of(worded(self._words, facts), facts)

    async def write(self, facts: PostmortemFacts, *, picture: Picture | None = None) -> WrittenPostmortem:
        """See `PostmortemWriter`: by the team's template if that works, else by ours."""
        values = values_of(worded(self._words, facts), facts, picture=picture)
        own = self._policy.of(PostmortemRules).template
        if own is None:
            return WrittenPostmortem(await self._standard(values), picture=picture)
        try:
            return WrittenPostmortem(await self._templates.render(own.text, values), picture=picture)
        except TemplateRefused as refused:
            log.warning("postmortem.template_failed", file=own.file, line=refused.line)
            # Why it failed, and where: "postmortem.md:12: 'titel' is undefined".
            where = own.file if refused.line is None else f"{own.file}:{refused.line}"
            return WrittenPostmortem(await self._standard(values), f"{where}: {refused.reason}", picture)

    async def _standard(self, values: Mapping[str, object]) -> str:
        """Return the document by our own template; if that fails, the machine is to blame."""
        try:
            return await self._templates.render(standard_template(self._policy.language), values)
        except TemplateRefused as refused:
            raise UpstreamUnavailable(f"the standard template: {refused.reason}") from refused


def standard_template(language: str) -> str:
    """Return the template that comes with the bot."""
    name = f"standard-{language_of(language)}.md.jinja"
    return files("cogs.postmortem").joinpath(name).read_text(encoding="utf-8")


_NAME: Final = 80
_TITLE: Final = 420  # 200 characters as stored, escaped
_LIST: Final = 2_000
_REASON: Final = 120
_CLAUSE: Final = 160
_MINUTE: Final = timedelta(minutes=1)
#: All that a person wrote, every sign of it escaped.
_WORDS: Final = 2 * CORRECTION_LIMIT

Values = dict[str, object]


def values_of(words: DocumentWording, facts: PostmortemFacts, *, picture: Picture | None = None) -> Values:
    """Return what a template of a postmortem is given; it can be written as JSON.

    Args:
        picture: As `PostmortemWriter.write` has it.
    """
    incident, monitor = facts.incident, facts.incident.tracked.monitor
    day, _, timezone = words.whole_day(incident.started_at).partition(" ")
    since, sent = incident.started_at, [called for called in facts.called if called.was_sent]
    people = [line for line in facts.lines if not (line.entry.kind.spec.is_machine or _is_told(line.entry))]
    machine = [line for line in facts.lines if line.entry.kind.spec.is_machine]
    return {
        "label": incident.label,
        "headline": _headline(words, facts),
        "title": document_line(incident.title, limit=_TITLE),
        "is_drill": incident.is_drill,
        "is_private": incident.is_private,
        "severity": settled(incident.severity),
        "priority": settled(incident.priority),
        "state": settled(words.state(incident)),
        "targets": settled(words.targets(incident.targets, limit=_LIST)),
        "symptoms": settled(words.symptoms(incident.symptoms, limit=_LIST)),
        "answers": settled(words.path(incident, limit=_LIST)),
        "thread": thread_url(incident) or "",
        "day": day,
        "timezone": timezone,
        "started": words.full(incident.started_at),
        "triggered": words.full(incident.triggered_at),
        "acknowledged": _at(words, incident.acknowledged),
        "ended": _at(words, incident.ended),
        "detection": {
            "by": settled(words.who(incident.reported_by.name if monitor is None else monitor)),
            "is_by_monitor": monitor is not None,
            "took": words.span(facts.took_to_notice),
        },
        "response": _response(words, facts),
        "roles": [
            {"role": words.say(f"roles.name.{role.value}"), "who": settled(words.holder(holder.name))}
            for role, holder in incident.roles.items()
        ],
        "resolution": _resolution(words, facts),
        "prompts": _prompts(words, facts),
        "owners": [_spell(words, facts, spell) for spell in facts.spells],
        "actions": [_action(words, item) for item in facts.actions],
        **_owed(facts.postmortem),
        "picture": {} if picture is None else _picture(picture),
        "timeline": _timeline(words, people, sent, since=since),
        "notified": [_notified(words, called, since=since) for called in sent],
        "notifications": [_row(words, line, since=since) for line in machine],
        "calls": [_call(words, called, since=since) for called in facts.called if called.by == CallBy.DM],
    }


#: A bracket would end the description of a picture.
_BRACKETS: Final = str.maketrans("[]", "［］")


def _picture(picture: Picture) -> Values:
    """Return the picture's file, which lies beside the document, and its description."""
    told = document_line(picture.description, limit=_LIST)
    return {"file": picture.filename, "told": told.translate(_BRACKETS)}


def _at(words: DocumentWording, act: ByPerson | None) -> str:
    return "" if act is None else words.full(act.at)


def _by(words: DocumentWording, act: ByPerson | None) -> str:
    return "" if act is None else settled(words.who(act.name))


def _headline(words: DocumentWording, facts: PostmortemFacts) -> str:
    """Return one sentence: what it was, how long it lasted, who was affected, how it ended."""
    incident, resolution = facts.incident, facts.resolution
    ended = None if incident.is_open else incident.ended
    people = None if resolution is None else resolution.people
    fix = "" if resolution is None else _clause(resolution.fix)
    impact, other = _clause(facts.impact), incident.told_merged_into
    has = [name for name, given in (("impact", impact), ("people", people)) if given]
    how = "open" if ended is None else state_key(incident)
    if how == Status.RESOLVED and fix:
        how = "fixed"
    if how == Status.MERGED and other is None:
        how = "merged_unseen"
    parts = [
        words.say(
            f"document.headline.{'began' if ended is None else 'lasted'}",
            severity=settled(incident.severity),
            title=_clause(incident.title),
            at=words.dated(incident.started_at),
            span="" if ended is None else words.span(ended.at - incident.started_at),
        ),
        *(
            [words.say(f"document.headline.{'_'.join(has)}", impact=impact, people=f"{people or 0:,}")]
            if has
            else []
        ),
        words.say(
            f"document.headline.{how}",
            fix=fix,
            who="" if ended is None else settled(words.who(ended.name)),
            other="" if other is None else number_label(other),
        ),
    ]
    return words.say("document.headline.sentence", parts=words.listed(parts))


def _clause(text: str) -> str:
    """Return what a person wrote as a part of a sentence."""
    return document_line(text.strip().rstrip("。．."), limit=_CLAUSE)


def _name(act: ByPerson | None) -> str | None:
    return None if act is None else act.name


def _in_vain(words: DocumentWording, facts: PostmortemFacts) -> int:
    """Count the calls of people while it had no owner, without the last call of a person who then took it."""
    calls = [called for called in facts.called if called.was_sent and called.who and called.by != CallBy.POST]
    found = 0
    for spell, following in zip_longest(facts.spells, facts.spells[1:]):
        if spell.name is not None:
            continue
        end = spell.end or facts.until
        during = [called for called in calls if spell.start <= called.asked_at <= end]
        taker = _name(facts.incident.ended) if following is None else following.name
        own = [called for called in during if taker is not None and taker in names_of(words, called, facts)]
        found += len(during) - sum(called.asked_at == own[-1].asked_at for called in own)
    return found


def _prompts(words: DocumentWording, facts: PostmortemFacts) -> Values:
    """Return what the record says of "what went well" and "what went badly": only what tells something."""
    incident, figures = facts.incident, _figures(words, facts)
    took, resolved = incident.took_to_acknowledge, facts.took_to_resolve
    holders = [spell for spell in facts.spells if spell.name is not None]
    is_resolved = incident.status is Status.RESOLVED
    is_missed = facts.in_time is False and facts.late_by is None and incident.ended is not None
    well = {
        "monitor": incident.tracked.monitor is not None,
        "in_time": took is not None and facts.in_time,
        "updates": facts.updates and not facts.broken_promises,
        "handed": len(holders) > 1 and not facts.unowned,
        "resolved": is_resolved,
    }
    badly = {
        "noticed": facts.took_to_notice >= _MINUTE,
        "late": facts.late_by is not None,
        "missed": is_missed and took is not None,
        "never": is_missed and took is None,
        "unowned": facts.unowned >= _MINUTE,
        "reminders": figures["reminders"],
        "in_vain": figures["in_vain"],
        "escalations": figures["escalations"],
        "failures": figures["failures"],
        "reopened": figures["reopened"],
    }
    told = figures | {
        "took": "" if took is None else words.span(took),
        "resolved": "" if resolved is None else words.span(resolved),
        "noticed": words.span(facts.took_to_notice),
        "updates": facts.updates,
        "holders": len(holders),
    }
    return {
        side: [words.say(f"document.prompt.{name}", **told) for name, tells in found.items() if tells]
        for side, found in (("well", well), ("badly", badly))
    }


def _spell(words: DocumentWording, facts: PostmortemFacts, spell: Spell) -> Values:
    """Return an owner, from when to when; the name is empty for a time without one."""
    return {
        "who": "" if spell.name is None else settled(words.who(spell.name)),
        "since": words.full(spell.start),
        "until": "" if spell.end is None else words.full(spell.end),
        "took": words.span((spell.end or facts.until) - spell.start),
    }


def _figures(words: DocumentWording, facts: PostmortemFacts) -> Values:
    """Return how often and how long something happened; a text is empty if it has not."""
    return {
        "late_by": "" if facts.late_by is None else words.span(facts.late_by),
        "unowned": words.span(facts.unowned) if facts.unowned else "",
        "reminders": facts.count(TimelineKind.UPDATE_DUE),
        "in_vain": _in_vain(words, facts),
        "escalations": facts.count(TimelineKind.ESCALATED),
        "failures": facts.count(TimelineKind.DELIVERY_FAILED),
        "reopened": facts.count(TimelineKind.REOPENED),
    }


def _response(words: DocumentWording, facts: PostmortemFacts) -> Values:
    """Return the figures; a text is empty while its moment has not come."""
    incident, took, resolved = facts.incident, facts.incident.took_to_acknowledge, facts.took_to_resolve
    is_answered = incident.acknowledged is not None or incident.ended is not None
    return {
        "acknowledged_by": _by(words, incident.acknowledged),
        "took_to_acknowledge": "" if took is None else words.span(took),
        "ack_due": words.full(incident.ack_due_at),
        "ack": "open" if not is_answered or facts.in_time is None else "in_time" if facts.in_time else "late",
        "ended_by": _by(words, incident.ended),
        "took_to_resolve": "" if resolved is None else words.span(resolved),
        "updates": facts.updates,
        "broken_promises": facts.broken_promises,
        **_figures(words, facts),
    }


def _resolution(words: DocumentWording, facts: PostmortemFacts) -> Values:
    """Return what is known of cause and impact; without words of its own, that of the last status update."""
    resolution = facts.resolution
    people = None if resolution is None else resolution.people
    duration = None if resolution is None else resolution.duration
    return {
        "cause": "" if resolution is None else document_text(resolution.cause, limit=_WORDS),
        "fix": "" if resolution is None else document_text(resolution.fix, limit=_WORDS),
        "impact": document_text(facts.impact, limit=_WORDS),
        "people": "" if people is None else words.say("resolution.fact.people", count=f"{people:,}"),
        "duration": "" if duration is None else words.span(duration),
    }


def _action(words: DocumentWording, item: ActionItem) -> Values:
    """Return an action item. Nothing of it changes as days pass; its owner is named by every policy."""
    state = ActionState.OPEN if item.is_open else item.state(item.due_on)
    until = "" if item.watched_until is None else words.full(item.watched_until)
    return {
        "label": item.label,
        "what": document_text(item.what, limit=_WORDS),
        "owner": document_line(item.owner.name, limit=_TITLE),
        "due": item.due_on.isoformat(),
        "verification": document_text(item.verification, limit=_WORDS),
        "state": settled(words.say(f"actions.state.{state.value}", until=until)),
    }


def _owed(owed: Postmortem | None) -> Values:
    """Return who writes the postmortem, and by when; named by every policy, because a task needs a person."""
    if owed is None or owed.state is PostmortemState.NOT_OWED:
        return {"owner": "", "due": ""}
    return {"owner": document_line(owed.owner_name, limit=_TITLE), "due": owed.due_on.isoformat()}


def _is_told(entry: TimelineEntry) -> bool:
    """Return True for what another row says: that a notification failed, that a role's holder joined."""
    data = entry.data or {}
    if entry.kind is TimelineKind.DELIVERY_FAILED:
        return DeliveryFailedEntry.from_json(data).of in CALLS
    return entry.kind is TimelineKind.JOINED and JoinedEntry.from_json(data).via == AckVia.ROLE


def _timeline(
    words: DocumentWording, lines: Iterable[Line], sent: Iterable[PostmortemCall], *, since: datetime
) -> list[Mapping[str, str]]:
    """Return a row for each line, and one for the notifications of a minute: their table has the rest."""
    rows = [(line.at, _row(words, line, since=since)) for line in lines]
    minutes: dict[datetime, list[datetime]] = {}
    for called in sent:
        minutes.setdefault(called.asked_at.replace(second=0, microsecond=0), []).append(called.asked_at)
    for first, *others in minutes.values():
        count = words.say("history.folded", count=1 + len(others))
        rows.append((first, _timed(words, first, since=since) | {"what": count}))
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


def _timed(words: DocumentWording, at: datetime, *, since: datetime) -> dict[str, str]:
    """Return a row of the timeline that only has a time."""
    time = {"at": words.full(at).rpartition(" ")[0], "offset": offset(at, since=since)}
    return time | dict.fromkeys(("what", "who", "text", "source"), "")


def _row(words: DocumentWording, line: Line, *, since: datetime) -> Mapping[str, str]:
    entry = line.entry
    return _timed(words, line.at, since=since) | {
        "what": settled(kind_words(words, entry)),
        "who": "" if entry.actor_name is None else settled(words.who(entry.actor_name)),
        "text": settled("\n".join(_said(words, line))),
        "source": source_url(line) or "",
    }


def _said(words: DocumentWording, line: Line) -> Iterator[str]:
    """Yield what an entry says after its last correction, then when a late entry was written down."""
    if line.corrections:
        for last in spoken(line, [line.corrections[-1]]):
            yield quoted(words, last, last.said, limit=_WORDS, multiline=True)
        yield from beside(words, line, limit=_WORDS * (len(line.corrections) + 1))
    else:
        yield from _facts(words, line.entry)
    if late := recorded(words, replace(line.entry, at=line.at)):
        yield f"({late})"


def _facts(words: DocumentWording, entry: TimelineEntry) -> Iterable[str]:
    """Return the details of an entry that was not corrected: who gave a role, or the incident, to whom."""
    match entry.kind:
        case TimelineKind.ROLE_CHANGED:
            return _role(words, RoleChangedEntry.from_json(entry.data or {}))
        case TimelineKind.RELEASED:
            data = ReleasedEntry.from_json(entry.data or {})
            if data.to is not None:
                return [words.say("document.fact.handed", who=words.who(data.to.name))]
            return [words.say("document.fact.nobody")] if data.resumed else []
        case TimelineKind.ESCALATED:  # whom it called is in the table of notifications
            overdue = EscalatedEntry.from_json(entry.data or {}).overdue
            return [words.say("history.fact.stands_in", count=len(overdue))] if overdue else []
    return facts(words, entry, limit=_WORDS, multiline=True)


def _role(words: DocumentWording, data: RoleChangedEntry) -> Iterator[str]:
    name, vacant = f"roles.name.{data.role}", words.say("history.fact.vacant")
    yield words.say(
        "document.fact.role",
        role=words.say(name) if name in words.texts else inert(data.role, limit=_NAME),
        former=vacant if data.former is None else words.holder(data.former.name),
        holder=vacant if data.holder is None else words.holder(data.holder.name),
    )
    if data.gone:
        yield words.say("history.fact.gone")


def _notified(words: DocumentWording, called: PostmortemCall, *, since: datetime) -> Values:
    """Return a notification: when, to whom, by what, and what became of it."""
    way = f"outside.way.{called.by}"
    by = way if way in words.texts else f"document.by.{called.by}{'_here' if called.is_loud else ''}"
    arrived = called.arrived_at
    took = "" if arrived is None else words.span(arrived - called.asked_at)
    result = words.say(f"document.result.{called.outcome.value}", took=took)
    if called.outcome is CallOutcome.ARRIVED and called.is_emailed:
        result = words.listed([result, words.say("document.result.also_emailed")])
    elif called.reason:
        result = f"{result} ({inert(called.reason, limit=_REASON)})"
    return {
        "at": words.full(called.asked_at).rpartition(" ")[0],
        "offset": offset(called.asked_at, since=since),
        "who": settled(_recipient(words, called)),
        "by": words.say(by) if by in words.texts else settled(inert(called.by, limit=_NAME)),
        "result": settled(result),
        "is_reached": called.outcome in (CallOutcome.ARRIVED, CallOutcome.EMAILED),
        "source": place_url(*called.where) if called.where else "",
    }


def _recipient(words: DocumentWording, called: PostmortemCall) -> str:
    """Return who was notified: a person, or a channel by its name; empty if the bot does not know."""
    if called.by != CallBy.POST:
        return words.on_call([called.who]) if called.who else ""
    if not called.place:
        return words.say("document.by.thread")
    return words.say("document.by.channel") if id_of(called.place) is not None else channel_name(called.place)


def _call(words: DocumentWording, called: PostmortemCall, *, since: datetime) -> Values:
    took = "" if called.arrived_at is None else words.span(called.arrived_at - called.asked_at)
    return {
        "at": words.full(called.asked_at).rpartition(" ")[0],
        "offset": offset(called.asked_at, since=since),
        "who": settled(words.on_call([called.who])),
        "outcome": words.say(f"document.call.{called.outcome.value}", took=took),
        "is_reached": called.outcome in (CallOutcome.ARRIVED, CallOutcome.EMAILED),
    }
