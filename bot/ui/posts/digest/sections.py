"""The parts of a digest below its charts: headings with lines. A part with nothing to tell is left out."""

from collections.abc import Iterator
from typing import Final

from bot.domain.digest import Digest, DigestPart
from bot.domain.dlq.failures import DlqCounts
from bot.domain.statistics.alert_quality import AlertCounts
from bot.domain.statistics.examples import ExampleOf
from bot.domain.statistics.figures import Deadlines
from bot.domain.statistics.load import PersonLoad
from bot.ui.posts.digest.charts import times_line
from bot.ui.posts.digest.naming import (
    NAME_LIMIT,
    DigestSection,
    Show,
    ShowPerson,
    incident_lines,
    leading,
    looked_up,
    severity_name,
)
from bot.ui.posts.digest.still_to_do import actions_due, open_incidents, postmortems
from bot.ui.posts.dlq import answer, where
from bot.ui.posts.verdicts import MARKS, verdict_words
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_CHANNEL_LIMIT: Final = 100
_SOURCES: Final = 5  # senders that are named
_ANSWERS: Final = 3  # HTTP statuses of a channel, the most frequent ones


def sections(words: Wording, week: Digest, show: Show, who: ShowPerson) -> Iterator[DigestSection]:
    """Yield the parts in their order: what happened, what it cost, what is still to do."""
    made = (
        (DigestPart.INCIDENTS, _incidents(words, week)),
        (DigestPart.INCIDENTS, _times(words, week, show)),
        (DigestPart.LATE, _deadlines(words, week, show)),
        (DigestPart.OPEN, open_incidents(words, week, show)),
        (DigestPart.INCIDENTS, _targets(words, week, show)),
        (DigestPart.LOAD, _load(words, week, show, who)),
        (DigestPart.ALERTS, _alerts(words, week, show)),
        (DigestPart.ALERTS, _asked(words, week, show)),
        (DigestPart.DLQ, _dlq(words, week.dlq, previous=week.previous_dlq)),
        (DigestPart.POSTMORTEMS, postmortems(words, week, show)),
        (DigestPart.ACTIONS, actions_due(words, week.actions, show)),
        (DigestPart.INCIDENTS, _drills(words, week, show)),
    )
    yield from (section for part, section in made if section is not None and part not in week.missing)
    missing = [words.say(f"digest.missing.{part}") for part in DigestPart if part in week.missing]
    if missing:
        yield DigestSection(words.say("digest.missing.heading"), tuple(missing))


def change(words: Wording, count: int, *, previous: int | None) -> str:
    """Say how *count* compares with the week before, to append; empty when *previous* is unknown."""
    if previous is None:
        return ""
    if previous and count >= 2 * previous:
        times = f"{count / previous:.1f}".removesuffix(".0")
        return words.say(f"digest.change.{'twice' if times == '2' else 'times'}", times=times)
    if count == previous:
        return words.say("digest.change.same")
    key = "digest.change.more" if count > previous else "digest.change.fewer"
    return words.say(key, count=abs(count - previous))


def _incidents(words: Wording, week: Digest) -> DigestSection:
    counts = (
        words.say("digest.incidents.count", severity=severity_name(one), count=one.incidents)
        for one in week.figures.severities
    )
    compared = change(words, week.total, previous=week.before.incidents)
    heading = words.say("digest.incidents.heading", count=week.total, change=compared)
    lines = (" · ".join(counts) + looked_up(words, "stats show"), _aside(words, week))
    return DigestSection(heading, tuple(line for line in lines if line))


def _aside(words: Wording, week: Digest) -> str:
    """Count what is not an incident of its own: "ほかに 誤報 1 件 · 重複 2 件"; empty without any."""
    aside = week.figures.set_aside
    kinds = {"false_alarms": aside.false_alarms, "duplicates": aside.duplicates, "alerts": aside.alerts}
    said = [words.say(f"digest.aside.{kind}", count=count) for kind, count in kinds.items() if count]
    if not said:
        return ""
    return words.say("digest.aside.line", what=" · ".join(said)) + looked_up(words, "incident list")


def _times(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """Say the times of each severity: one median over all would say nothing of any."""
    lines = [
        times_line(words, one, name=severity_name(one))
        + leading(words, week, show, ExampleOf.SEVERITY, one.severity)
        for one in week.figures.severities
        if one.acknowledge.count or one.resolve.count
    ]
    return DigestSection(words.say("digest.times.heading"), tuple(lines)) if lines else None


def _deadlines(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    acknowledged, updates = week.figures.ack_deadlines, week.figures.updates
    more = looked_up(words, "stats show")
    lines = [_deadline(words, "acknowledge", acknowledged) + more] if acknowledged.total else []
    lines += incident_lines(words, week.missed, show)
    if updates.total:
        late = leading(words, week, show, ExampleOf.LATE_UPDATE) if updates.missed else more
        lines.append(_deadline(words, "updates", updates) + late)
    return DigestSection(words.say("digest.deadlines.heading"), tuple(lines)) if lines else None


def _deadline(words: Wording, key: str, kept: Deadlines) -> str:
    return words.say(f"digest.deadlines.{key}", met=kept.met, total=kept.total)


def _targets(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    lines = [
        words.say("digest.targets.line", target=inert(one.target, limit=NAME_LIMIT), count=one.incidents)
        + leading(words, week, show, ExampleOf.TARGET, one.target)
        for one in week.figures.targets
    ]
    return DigestSection(words.say("digest.targets.heading"), tuple(lines)) if lines else None


def _load(words: Wording, week: Digest, show: Show, who: ShowPerson) -> DigestSection | None:
    paged = [one for one in week.load if one.pages.total]
    if not paged:
        return None
    total = sum(one.pages.total for one in paged)
    lines = [
        _person(words, one, who) + leading(words, week, show, ExampleOf.READER, one.person.handle)
        for one in paged
    ]
    return DigestSection(words.say("digest.load.heading", count=total), tuple(lines))


def _person(words: Wording, one: PersonLoad, who: ShowPerson) -> str:
    pages = one.pages
    counts = {"day": pages.day, "night": pages.night, "weekend": pages.weekend, "holiday": pages.holiday}
    parts = [words.say(f"digest.load.{kind}", count=count) for kind, count in counts.items() if count]
    if pages.asleep:
        parts.append(words.say("digest.load.asleep", count=pages.asleep))
    person = who(one.person)
    return words.say("digest.load.line", person=person, count=pages.total, parts=" · ".join(parts))


def _alerts(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    sources = week.alerts.sources
    if not sources:
        return None
    lines = [
        words.say(
            "digest.alerts.line", source=inert(one.name, limit=NAME_LIMIT), what=_counts(words, one.counts)
        )
        + leading(words, week, show, ExampleOf.SENDER, one.name, otherwise="alerts recent")
        for one in sources[:_SOURCES]
    ]
    rest = sources[_SOURCES:]
    if rest:
        count = sum(one.counts.alerts for one in rest)
        others = words.say("digest.alerts.rest", senders=len(rest), count=count)
        lines.append(others + looked_up(words, "alerts recent"))
    total = sum(one.counts.alerts for one in sources)
    return DigestSection(words.say("digest.alerts.heading", count=total), tuple(lines))


def _counts(words: Wording, counts: AlertCounts) -> str:
    kinds = {
        "acknowledged": counts.acknowledged,
        "acted_on": counts.acted_on,
        "false": counts.false,
        "again": counts.again,
    }
    said = [words.say("digest.alerts.count", count=counts.alerts, messages=counts.messages)]
    # That no one acknowledged them is news; the others are left out when there are none.
    told = [(kind, count) for kind, count in kinds.items() if count or kind == "acknowledged"]
    said += [words.say(f"digest.alerts.{kind}", count=count) for kind, count in told]
    return " · ".join(said)


def _asked(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the noisiest alerts, each with the sign that its buttons have."""
    messages = {one.latest.id: one.counts.messages for one in week.alerts.noisiest}
    lines = []
    for mark, alert in zip(MARKS, week.asked.alerts, strict=False):
        name, title = show(alert)
        given = week.asked.verdicts.get(alert.id)
        lines.append(
            words.say(
                "digest.asked.line",
                mark=mark,
                name=name,
                title=words.say("digest.asked.private") if alert.is_private else title,
                count=messages.get(alert.id, alert.tracked.occurrences),
                said="" if given is None else f" · {verdict_words(words, given)}",
            )
        )
    return DigestSection(words.say("digest.asked.heading"), tuple(lines)) if lines else None


def _dlq(words: Wording, counts: DlqCounts | None, *, previous: int | None) -> DigestSection | None:
    if counts is None:
        return None
    compared = change(words, counts.total, previous=previous)
    heading = words.say("digest.dlq.heading", count=counts.total, change=compared)
    if not counts.total:
        return DigestSection(
            heading, (words.say("digest.headline.dlq_none") + looked_up(words, "dlq recent"),)
        )
    channels = [_channel(words, counts, channel, count) for channel, count in counts.by_channel]
    statuses = " · ".join(
        words.say("digest.dlq.status", status=inert(status, limit=NAME_LIMIT), count=count)
        for status, count in counts.by_status
    )
    if statuses:
        statuses = words.say("digest.dlq.statuses", statuses=statuses) + looked_up(words, "dlq recent")
    p0 = ""
    if counts.p0_failed:
        p0 = words.say("digest.dlq.p0", failed=counts.p0_failed, emailed=counts.p0_emailed)
        p0 += looked_up(words, "dlq p0-email")
    return DigestSection(heading, tuple(line for line in (p0, *channels, statuses) if line))


def _channel(words: Wording, counts: DlqCounts, channel: str, count: int) -> str:
    """Say what did not arrive in *channel* and why: "#p1-ops 5 件 (HTTP 429 4 · 応答なし 1)"."""
    name, url = where(channel, limit=_CHANNEL_LIMIT), words.channel_urls.get(channel.lstrip("#"))
    said = words.say("digest.dlq.channel", channel=f"[{name}]({url})" if url else name, count=count)
    more = "" if url else looked_up(words, "dlq recent")
    answers = counts.answers.get(channel, ())
    if not answers:
        return said + more
    if len(answers) == 1:
        return f"{said} ({answer(words, answers[0].http_status, None)}){more}"
    why = " · ".join(f"{answer(words, one.http_status, None)} × {one.count}" for one in answers[:_ANSWERS])
    return f"{said} ({why}){more}"


def _drills(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    drills = week.figures.drills
    if not drills.held:
        return None
    median = drills.acknowledge.median_s
    took = words.say("digest.times.none") if median is None else words.span(median)
    line = words.say("digest.drills.line", count=drills.held, took=took)
    return DigestSection(
        words.say("digest.drills.heading"), (line + leading(words, week, show, ExampleOf.DRILL),)
    )
