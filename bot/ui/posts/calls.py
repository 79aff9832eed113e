"""The ladder of an unacknowledged incident: who was called with what result, what to do, what comes next."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from bot.domain.escalation.ladder import called_in_vain, is_again, is_overdue
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.parts import CallPage, CallStep, Decline, arrived
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.paging import SYSTEMS, Also, Way
from bot.domain.severity import Mention
from bot.ui.posts.bodies import HERE
from bot.ui.words.wording import Wording, relative, role_name

_TAKEN_SHOWN = 2  # of the steps that were taken: the last ones
STEPS_SHOWN = 3  # of those to come
_THEN = " →\u00a0"  # between two steps: a phone may break the line before the arrow
_PEOPLE_LIMIT = 700
_TIMES_SHOWN = 4  # of one person's DMs: a ladder may repeat its last step for days
_LAST_TIMES_SHOWN = 2


def on_call_for(words: Wording, incident: Incident) -> str:
    """Return whom the ladder's first DM asks: "当番：@primary"; empty after an acknowledgement."""
    rungs = words.severity(incident).ladder if incident.status is Status.TRIGGERED else ()
    first = next((rung.dm for rung in rungs if rung.dm), ())
    return words.say("alert.on_call", people=words.on_call(first)) if first else ""


def called_so_far(words: Wording, incident: Incident) -> str:
    """Return the last calls: "通知済み：14:05 @a に DM、14:20 @here + @a"; else empty.

    Those of the ladder's steps, and of people who were asked beside it, as after a hand-back. The people
    who were called, but by none of these, are counted: "、ほか 2 人".
    """
    calls = incident.calls
    if incident.status is not Status.TRIGGERED or not (taken := calls.taken()):
        return ""
    known = {*(moment for moment, _ in taken), *(one.at for one in calls.declined)}  # those: `cannot`
    beside = sorted({page.asked_at for page in calls.pages} - known)
    asked = [(at, [CallStep(due_at=at, taken_at=at)]) for at in beside]
    moments = sorted([*taken, *asked], key=lambda one: one[0])[-_TAKEN_SHOWN:]
    last = [(steps, calls.called_at(moment)) for moment, steps in moments]
    told = [_rung(words, incident, steps, people=people) for steps, people in last]
    shown = {words.on_call([who]) for _, people in last for who in people}
    left_out = len({who for who, _ in _people(words, incident)} - shown)
    others = [words.say("alert.ladder.others", count=left_out)] if left_out else []
    return words.say("alert.ladder.taken", steps=words.listed([*told, *others]))


def coming(words: Wording, incident: Incident, *, shown: int = STEPS_SHOWN) -> str:
    """Return what comes until it is acknowledged: "誰も取らないと：14:20 @here + @a に通知 → 14:35 再通知".

    Empty after an acknowledgement, and for a severity without a ladder.

    Args:
        shown: The most steps of it.
    """
    calls = incident.calls
    if incident.status is not Status.TRIGGERED or not calls.steps:
        return ""
    steps = _THEN.join(_coming(words, incident, calls.to_come[:shown]))
    return words.say(f"alert.ladder.{'coming' if steps else 'none'}", steps=steps)


def whom(
    words: Wording, incident: Incident, mention: str, people: Sequence[str], *, also: Iterable[str] = ()
) -> str:
    """Return whom a step alerts: "@here + @primary、@secondary + PagerDuty"; empty for the channel alone.

    Args:
        also: The ways beside Discord that a step to come names.
    """
    here = ""
    if mention == Mention.HERE.value and incident.rings:
        roles = words.policy.rung_roles(incident)
        here = words.listed(role_name(role) for role in roles) or HERE
    parts = (here, words.on_call(people), *to_come(words, incident, also, people))
    return " + ".join(part for part in parts if part)


def tried(words: Wording, incident: Incident) -> str:
    """Return who was called and did not answer, after the deadline: "@a (DM 2 回、応答なし)"; else empty."""
    if not is_overdue(incident):
        return ""
    people = [_result(words, incident, *one) for one in _people(words, called_in_vain(incident))]
    shown = words.listed([*few_people(words, [one for one in people if one]), *shared(words, incident)])
    return words.say("alert.tried", people=shown) if shown else ""


def few_people(words: Wording, people: Sequence[str]) -> list[str]:
    """Return what is said of *people*, as far as there is room, and the number left out: "ほか 3 人"."""
    shown = list(accumulate(len(one) + 1 for one in people))
    fits = sum(length <= _PEOPLE_LIMIT for length in shown) or 1
    left_out = len(people) - fits
    return [*people[:fits], *([words.say("alert.ladder.others", count=left_out)] if left_out > 0 else [])]


def called(words: Wording, incident: Incident) -> list[str]:
    """Return a line for each person called, with the times: "@primary：DM 14:05、14:20"."""
    lines = [_called(words, incident, who, pages) for who, pages in _people(words, incident)]
    return few_people(words, lines)


def called_before(words: Wording, incident: Incident, moment: datetime, *, reader: str) -> list[str]:
    """Return the lines of the people, without *reader*, who got a DM before *moment* and did not answer.

    For a person who is called because they did not answer: "@primary：DM 14:05、応答なし".
    """
    incident = called_in_vain(incident)
    earlier = {
        words.on_call([page.who])
        for page in incident.calls.pages
        if page.asked_at < moment and page.sent_at is not None
    }
    earlier.discard(words.on_call([marked(reader)]))
    over = max(moment, _last_taken(incident) or moment)
    people = [one for one in _people(words, incident) if one[0] in earlier]
    return few_people(words, [_called(words, incident, *one, over=over) for one in people])


def others_called(words: Wording, incident: Incident, *, reader: str) -> list[str]:
    """Return the lines of the people who were called beside *reader*, who cannot respond."""
    own = words.on_call([marked(reader)])
    people = [one for one in _people(words, incident) if one[0] != own]
    return few_people(words, [_called(words, incident, *one) for one in people])


def is_passed_on(incident: Incident, *, reader: str) -> bool:
    """Return True if another person than *reader* was called, can be reached and has not declined."""
    calls = incident.calls
    left = {page.who.lower() for page in calls.pages if not page.is_refused}
    return bool(left - {who.lower() for who in (marked(reader), *calls.decliners)})


def has_declined(incident: Incident, reader: str, *, asked_at: datetime) -> bool:
    """Return True if the person with this handle has said after *asked_at* that they cannot respond."""
    after = (one.who.lower() for one in incident.calls.declined if one.at >= asked_at)
    return marked(reader).lower() in after


def cannot(words: Wording, incident: Incident) -> str:
    """Return a line for each person who cannot respond, with the DM that this led to; empty without one.

    "🙅 @primary は今は対応できません → @secondary：DM 14:09".
    """
    return "\n".join(few_people(words, [_declined(words, incident, one) for one in incident.calls.declined]))


def _declined(words: Wording, incident: Incident, one: Decline) -> str:
    """Return the line of a person who cannot respond; without a DM instead of theirs, only that."""
    people = words.on_call([one.who])
    # Queued in the commit of the decline.
    to = [found for found in _people(words, incident, asked_at=one.at) if found[0] != people]
    if not to:
        return words.say("alert.declined", people=people)
    told = words.listed(
        words.say("escalation.called", who=who, what=_times(words, incident, pages)) for who, pages in to
    )
    return words.say("alert.declined_to", people=people, told=told)


def _called(
    words: Wording, incident: Incident, who: str, pages: Sequence[CallPage], *, over: datetime | None = None
) -> str:
    """Return a person, when DMs reached them, and what they answered.

    Args:
        over: The time to answer the DMs from before is over.
    """
    before = [page for page in pages if over is not None and page.asked_at < over]
    if who in {words.on_call([one]) for one in incident.calls.decliners}:
        parts = [_times(words, incident, pages), words.say("alert.result.declined")]
    elif arrived(before):
        since = pages[len(before) :]
        parts = [_times(words, incident, before), words.say("alert.result.silent")]
        parts += [_times(words, incident, since)] if since else []
    else:
        parts = [_times(words, incident, pages)]
    parts[1:1] = outside_of(words, incident, who)
    return words.say("escalation.called", who=who, what=words.listed(parts))


def _last_taken(incident: Incident) -> datetime | None:
    """Return when the ladder's last step so far was taken; None if none was."""
    return max((moment for moment, _ in incident.calls.taken()), default=None)


def few(times: Sequence[str]) -> list[str]:
    """Return the times of a person's DMs; of many, the first one and the last ones: "14:05", "…"."""
    if len(times) <= _TIMES_SHOWN:
        return list(times)
    return [times[0], "…", *times[-_LAST_TIMES_SHOWN:]]


def _times(words: Wording, incident: Incident, pages: Sequence[CallPage]) -> str:
    """Return when DMs arrived, or that none has, and that one is on its way."""
    times = [words.hour(at, on=incident.triggered_at) for at in arrived(pages)]
    told = [words.say("escalation.called_at", at=words.listed(few(times)))] if times else []
    if not told and any(page.is_refused for page in pages):
        told.append(words.say("escalation.called_refused"))
    if any(page.sent_at is None and not page.is_refused for page in pages):
        told.append(words.say("escalation.called_now"))
    return words.listed(told)


def _coming(words: Wording, incident: Incident, steps: Sequence[CallStep]) -> Iterator[str]:
    """Yield the steps that come; one that calls the same people as the one before says only that."""
    for place, step in enumerate(steps):
        before = steps[place - 1] if place else None
        is_same = before is not None and _calls(before) == _calls(step)
        told = _rung(words, incident, [step], people=step.dm, is_same=is_same, is_to_come=True)
        yield words.say("alert.rung.repeats", told=told) if step.repeats else told


def _calls(step: CallStep) -> tuple[object, ...]:
    return step.mention, step.dm, step.also


def _rung(
    words: Wording,
    incident: Incident,
    steps: Sequence[CallStep],
    *,
    people: Sequence[str],
    is_same: bool = False,
    is_to_come: bool = False,
) -> str:
    """Return when steps of one moment are taken, and whom they call: "14:20 @here + @primary".

    A step that is to come says it with a verb.
    """
    last = steps[-1]
    loudest = max((step.mention for step in steps), key=lambda mention: mention == Mention.HERE.value)
    also = last.also if last.taken_at is None else ()  # what became of it: `tried`
    told = whom(words, incident, loudest, people, also=also)
    names = words.on_call(people)
    key = "again" if is_same else "channel" if not told else "dm" if told == names else "loud"
    key = "to_call" if key == "loud" and is_to_come else key
    at = words.hour(last.taken_at or last.due_at, on=incident.triggered_at)
    return words.say(f"alert.rung.{key}", at=at, whom=told)


def _people(
    words: Wording, incident: Incident, *, asked_at: datetime | None = None
) -> Iterable[tuple[str, list[CallPage]]]:
    """Return everybody who was called, in the order of the first call, with the DMs to them.

    A DM that had no place to go is known by the on-call place alone: it counts for its holder.

    Args:
        asked_at: Only the calls of this moment; None: all.
    """
    people: dict[str, list[CallPage]] = {}
    for page in incident.calls.pages:
        if asked_at is not None and page.asked_at != asked_at:
            continue
        people.setdefault(words.on_call([page.who]), []).append(page)
    return people.items()


def _result(words: Wording, incident: Incident, who: str, pages: Sequence[CallPage]) -> str:
    """Return a person and what came of the DMs to them; empty while the only one is on its way.

    People whom the last step was the first to call may still answer: only the time is shown for them.
    """
    if not arrived(pages) and not any(page.is_refused for page in pages):
        return ""
    parts = _outcome(words, incident, who, pages)
    if any(page.is_emailed for page in pages):
        parts.insert(1, words.say("alert.result.emailed"))
    parts[1:1] = outside_of(words, incident, who)
    return words.say("alert.result.of", who=who, what=words.listed(parts))


def _outcome(words: Wording, incident: Incident, who: str, pages: Sequence[CallPage]) -> list[str]:
    """Return how many DMs reached a person, or none, and that they declined or have not answered."""
    count, last = len(arrived(pages)), _last_taken(incident)
    if not count:
        return [words.say("alert.result.refused")]
    told = words.say("alert.result.sent" if count > 1 else "alert.result.sent_once", count=count)
    if who in {words.on_call([one]) for one in incident.calls.decliners}:
        return [told, words.say("alert.result.declined")]
    if last is not None and not arrived(page for page in pages if page.asked_at < last):
        return [_times(words, incident, pages)]
    return [told, words.say("alert.result.silent")]


def next_step(words: Wording, incident: Incident) -> str:
    """Return what to do now and by when, in bold: "今やること：👀 ack を押して対応を始める · 期限 14:22 JST".

    After the acknowledgement, it is the responder's next status update; empty when nothing has to be done.
    """
    if incident.status is Status.TRIGGERED:
        return _acknowledge(words, incident)
    due = incident.updates.due_at if incident.is_open else None
    if due is None:
        return ""
    at = words.clock(due, on=incident.triggered_at)
    key = "update_now" if incident.updates.reminders else "update"
    return words.say(f"alert.do.{key}", at=at, left=relative(due))


def yours(words: Wording, incident: Incident) -> str:
    """Return that the reader has the incident, and until when the next status update is due."""
    due = incident.updates.due_at
    if due is None:
        return words.say("page.dm.yours")
    key = "yours_late" if incident.updates.reminders else "yours_until"
    at = words.clock(due, on=incident.triggered_at)
    return words.say(f"page.dm.{key}", at=at, left=relative(due))


def otherwise(words: Wording, incident: Incident, *, shown: int = STEPS_SHOWN) -> str:
    """Return what follows without an acknowledgement or, after it, without a status update; else empty.

    Args:
        shown: The most steps of the ladder.
    """
    if incident.status is Status.TRIGGERED:
        return coming(words, incident, shown=shown)
    if not incident.is_open or incident.updates.due_at is None:
        return ""
    lapses = words.severity(incident).ack_lapses_after
    if lapses is None:
        return words.say("alert.do.update_otherwise")
    return words.say("alert.do.update_or_lapse", span=words.span(lapses))


def _acknowledge(words: Wording, incident: Incident) -> str:
    emoji, due = words.policy.ack_emoji, ack_by(incident)
    if due is None:
        return words.say("alert.do.ack_now", emoji=emoji)
    at = words.clock(due, on=incident.triggered_at)
    return words.say("alert.do.ack", emoji=emoji, at=at, left=relative(due))


def ack_by(incident: Incident) -> datetime | None:
    """Return by when to acknowledge: the deadline or, after an ack that ended later, the ladder's next step.

    None: at once.
    """
    if is_overdue(incident):
        return None
    if is_again(incident):
        return None if incident.calls.following is None else incident.calls.following.due_at
    return incident.ack_due_at


def outside_of(words: Wording, incident: Incident, who: str) -> list[str]:
    """Return the result of each way to a person outside Discord: "push (ntfy) sent".

    Args:
        who: As `Wording.on_call` shows them.
    """
    return list(
        _results(
            words,
            [
                (one.way, one.sent_at is not None)
                for one in incident.calls.outside
                if one.who is not None and words.on_call([one.who]) == who
            ],
        )
    )


def to_come(words: Wording, incident: Incident, also: Iterable[str], places: Iterable[str]) -> list[str]:
    """Return the ways by which a step will leave Discord: "push", "PagerDuty".

    Those that the bot is set up for, and that one of its people has an address for. A drill stays in Discord.

    Args:
        also: As `Also` has them.
        places: The on-call places that the step pages.
    """
    if incident.is_drill:
        return []
    people = [who for place in places if (who := words.person_at(place)) is not None]
    return [
        words.say(f"outside.also.{way}")
        for way in Also
        if way in set(also) and any(_goes(words, one, people, way) for one in SYSTEMS[way])
    ]


def _goes(words: Wording, system: Way, people: Sequence[OnCallPerson], way: Also) -> bool:
    is_addressed = not way.is_personal or any(who.address(system) is not None for who in people)
    return system in words.ways and is_addressed


def shared(words: Wording, incident: Incident) -> list[str]:
    """Return the results of the ways that page by themselves: "PagerDuty sent"."""
    return list(
        _results(
            words, [(one.way, one.sent_at is not None) for one in incident.calls.outside if one.who is None]
        )
    )


def _results(words: Wording, pages: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield each way once, with success if any of its pages was accepted."""
    for way in dict.fromkeys(way for way, _ in pages if way in set(Way)):
        name = words.say(f"outside.way.{way}")
        yield words.say(f"outside.{'sent' if (way, True) in pages else 'refused'}", way=name)
