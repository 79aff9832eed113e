"""Shows the answer to [なぜ私に?], one fact a line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.domain.escalation.why_me import CalledPerson, CallRule, Reminded, WhyMe
from bot.domain.incident.parts import CallPage, arrived
from bot.domain.oncall.people import Duty, DutyKind
from bot.domain.oncall.rotation import Applies
from bot.ui.posts.calls import few, outside_of
from bot.ui.words.inert import inert, joined
from bot.ui.words.wording import Voice

_BUDGET: Final = 1_900  # of the 2,000 characters of an answer
_PLACE_LIMIT: Final = 40


def why_said(voice: Voice, why: WhyMe) -> str:
    """Say why the reader was called, or that they were not and who was: one fact a line."""
    title = voice.say("why_me.title", label=why.incident.label, title=voice.title(why.incident))
    lines = [line for line in [title, *_facts(voice, why)] if line]
    return joined(lines, separator="\n", limit=_BUDGET, more="\n…")


def _facts(voice: Voice, why: WhyMe) -> Iterator[str]:
    if why.reminded is not None:
        yield from _reminded(voice, why, why.reminded)
        return
    if why.own is None:
        yield voice.say("why_me.not_called")
    if why.rule is None:
        yield voice.say("why_me.nobody")
        return
    severity, number = why.rule.severity, why.rule.number
    yield voice.say("why_me.rule", severity=severity, what=_cause(voice, why, why.rule))
    if number is not None:  # a step of the ladder: where the policy file has it
        yield voice.say("why_me.step.policy", severity=severity, number=number)
    if why.own is None:
        for called in why.beside:
            yield voice.say(
                "why_me.called",
                who=voice.on_call([called.who]),
                what=_result(voice, why, called),
                place=_place(called.place),
                duty=_duty(voice, called),
            )
    else:
        yield voice.say("why_me.duty.own", place=_place(why.own.place), what=_duty(voice, why.own))
        delivered = few([_delivered(voice, why, page) for page in why.own.pages])
        yield voice.say("why_me.own", what=voice.listed(delivered))
    yield from _others(voice, why)


def _reminded(voice: Voice, why: WhyMe, reminder: Reminded) -> Iterator[str]:
    """Yield that an update is due, and whom the reminder asks for what reason."""
    on, severity = why.incident.triggered_at, why.incident.severity
    yield voice.say("why_me.reminder.rule", due=voice.clock(reminder.due_at, on=on))
    yield voice.say("why_me.reminder.policy", severity=severity)
    reader = "yours" if reminder.is_to_reader else "theirs"
    if reminder.stand_in is not None:
        who, place = voice.on_call([reminder.stand_in.who]), _place(reminder.stand_in.place)
        yield voice.say(f"why_me.reminder.{reader}_on_call", who=who, place=place)
        yield voice.say("why_me.duty.own", place=place, what=_duty(voice, reminder.stand_in))
    elif reminder.lead is None:
        yield voice.say("why_me.reminder.anybody")
    else:
        spell = reminder.has_it
        at = "" if spell is None else voice.clock(spell.start, on=on)
        what = voice.say(f"why_me.reminder.because.{'leads' if spell is None else spell.why.value}", at=at)
        yield voice.say(f"why_me.reminder.{reader}", who=voice.who(reminder.lead), what=what)


def _cause(voice: Voice, why: WhyMe, rule: CallRule) -> str:
    at = _to_the_second(voice, why, rule.at)
    if rule.declined_by is not None:
        return voice.say("why_me.why.passed_on", who=voice.who(rule.declined_by), at=at)
    if rule.why is not None:
        who = rule.why.who
        person = voice.on_call([who]) if who.startswith("@") else voice.who(who)
        return voice.say(f"why_me.why.{rule.why.kind.value}", who=person, at=at)
    if rule.number is None or rule.after is None or rule.due_at is None:
        return voice.say("why_me.why.other", at=at)
    due = voice.clock(rule.due_at, on=why.incident.triggered_at)
    if not rule.after:
        return voice.say("why_me.step.at_once", number=rule.number, due=due)
    key = "repeated" if rule.repeats else "later"
    return voice.say(f"why_me.step.{key}", number=rule.number, after=voice.span(rule.after), due=due)


def _duty(voice: Voice, called: CalledPerson) -> str:
    """Say what put a person on call, and whether that was recorded then."""
    duty = called.duty
    if duty is None:
        return voice.say("why_me.duty.unknown")
    said = _source(voice, duty, called.place)
    if duty.applies in (Applies.BUSINESS_HOURS, Applies.OFF_HOURS):
        said = voice.say(f"why_me.duty.{duty.applies}", what=said)
    return said if called.is_recorded else voice.say("why_me.duty.computed", what=said)


def _source(voice: Voice, duty: Duty, place: str) -> str:
    is_own = duty.kind is DutyKind.OVERRIDE and duty.instead_of is None
    return voice.say(
        f"why_me.duty.{'override_own' if is_own else duty.kind.value}",
        place=_place(place),
        since="?" if duty.since is None else voice.moment(duty.since),
        until="?" if duty.until is None else voice.moment(duty.until),
        by=voice.who(duty.by),
        instead="" if duty.instead_of is None else voice.handle(duty.instead_of),
        layer=duty.layer or 1,
    )


def _others(voice: Voice, why: WhyMe) -> Iterator[str]:
    """Yield the lines about other people: tried before, called at the same time, not called."""
    for called in why.tried:
        what = _result(voice, why, called, is_over=True)
        yield voice.say("why_me.tried", who=voice.on_call([called.who]), what=what)
    if why.own is None:
        return
    if not why.tried:
        yield voice.say("why_me.tried_nobody")
    for called in why.beside:
        who, what = voice.on_call([called.who]), _result(voice, why, called)
        yield voice.say("why_me.beside", who=who, place=_place(called.place), what=what)
    for one in why.uncalled:
        key = "declined" if one.has_declined else "never" if one.at is None else "later"
        at = {} if one.at is None else {"at": voice.clock(one.at, on=why.incident.triggered_at)}
        yield voice.say(f"why_me.others.{key}", who=voice.on_call([one.who]), place=_place(one.place), **at)
    if not (why.tried or why.beside or why.uncalled):
        yield voice.say("why_me.others.nobody")


def _result(voice: Voice, why: WhyMe, called: CalledPerson, *, is_over: bool = False) -> str:
    """Say what came of the DMs to a person: "DM 14:05、応答なし".

    Args:
        is_over: Later people were called because there was no answer.
    """
    on, times = why.incident.triggered_at, arrived(called.pages)
    hours = voice.listed(few([voice.hour(at, on=on) for at in times]))
    parts = [voice.say("escalation.called_at", at=hours)] if times else []
    if any(page.is_refused for page in called.pages):
        parts.append(voice.say("why_me.gone" if called.is_gone else "alert.result.refused"))
    if any(page.sent_at is None and not page.is_refused for page in called.pages):
        parts.append(voice.say("why_me.waiting"))
    if any(page.is_emailed for page in called.pages):
        parts.append(voice.say("alert.result.emailed"))
    parts += outside_of(voice, why.incident, voice.on_call([called.who]))
    if called.answer is not None and called.answered_at is not None:
        at = voice.hour(called.answered_at, on=on)
        parts.append(voice.say(f"why_me.answered.{called.answer.value}", at=at))
    elif times and is_over:
        parts.append(voice.say("alert.result.silent"))
    return voice.listed(parts)


def _delivered(voice: Voice, why: WhyMe, page: CallPage) -> str:
    key = "sent" if page.sent_at is not None else "refused" if page.is_refused else "waiting"
    at = {} if key == "waiting" else {"at": _to_the_second(voice, why, page.sent_at or page.asked_at)}
    said = voice.say(f"why_me.{key}", **at)
    return f"{said} + {voice.say('alert.result.emailed')}" if page.is_emailed else said


def _to_the_second(voice: Voice, why: WhyMe, at: datetime) -> str:
    """Return the time of day with its seconds, with the date unless it is the day of the incident."""
    is_same_day = voice.day(at) == voice.day(why.incident.triggered_at)
    return voice.time_of_day(at, seconds=True) if is_same_day else voice.exact(at)


def _place(place: str) -> str:
    return inert(place, limit=_PLACE_LIMIT)
