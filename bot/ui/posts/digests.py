"""The week as a message, and as plain text: headline, figures, open incidents, postmortems due."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.delivery import DeliveryKind
from bot.domain.digest import Digest
from bot.domain.dlq.entries import DlqCounts
from bot.domain.incident.incident import Incident
from bot.domain.statistics.figures import SeverityFigures
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.posts.bodies import FIELD_VALUE_LIMIT, GREY, Body, Field, embed, message
from bot.ui.posts.dlq import where
from bot.ui.posts.looks import Renderers, of
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.links import home_url, postmortem_path
from bot.ui.words.wording import Wording

_CHANNEL_LIMIT = 100
_MOST_OF_THEM = 50  # percent from which one channel is worth naming
_TITLE_LIMIT = 80
_SEVERITY_LIMIT = 40
_NOTHING = "–"

#: How one incident's name is shown, and its title.
Show = Callable[[Incident], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Section:
    """One block of figures."""

    heading: str
    lines: tuple[str, ...]


def digest(words: Wording, week: Digest) -> Body:
    """Compose the message of a week; a quiet week is one friendly line."""
    if week.is_quiet:
        return message(headline(words, week))
    fields = [
        Field(section.heading, joined(section.lines, separator="\n", limit=FIELD_VALUE_LIMIT, more="\n…"))
        for section in _sections(words, week, _linked)
    ]
    # The headline is `content`, because that is what a phone shows; said twice it would be noise.
    shown = embed(colour=GREY, title=_title(words, week.week), fields=fields)
    return message(headline(words, week), embeds=[shown])


def digest_text(digest: Digest, *, texts: Texts, policy: Policy) -> str:
    """Compose the same for a terminal: no markup, no links."""
    words = Wording(texts, policy)
    if digest.is_quiet:
        return headline(words, digest)
    figures = (
        "\n".join([section.heading, *(f"  {line}" for line in section.lines)])
        for section in _sections(words, digest, _named)
    )
    return "\n\n".join([f"{_title(words, digest.week)}\n{headline(words, digest)}", *figures])


def _linked(incident: Incident) -> tuple[str, str]:
    url = home_url(incident)
    name = incident.label if url is None else f"[{incident.label}]({url})"
    return name, inert(incident.title, limit=_TITLE_LIMIT)


def _named(incident: Incident) -> tuple[str, str]:
    return incident.label, plain(incident.title, limit=_TITLE_LIMIT)


def _title(words: Wording, week: IsoWeek) -> str:
    start, end = week.monday, week.monday + timedelta(days=6)
    return words.say("digest.title", week=week, start=f"{start:%m/%d}", end=f"{end:%m/%d}")


def _sections(words: Wording, week: Digest, show: Show) -> Iterator[_Section]:
    yield _incidents(words, week)
    lists = (
        ("digest.missed.heading", week.missed, week.figures.ack_deadlines.missed, _incident),
        ("digest.open.heading", week.open, len(week.open), _incident),
        ("digest.postmortems.heading", week.postmortems_due, len(week.postmortems_due), _postmortem),
    )
    for heading, incidents, count, line in lists:
        if incidents:
            told = words.say(heading, count=count)
            yield _list(words, told, incidents, line=partial(line, words, show))
    if week.dlq is not None:
        yield _dlq(words, week.dlq, previous=week.previous_dlq)


def _incidents(words: Wording, week: Digest) -> _Section:
    counts = (
        words.say("digest.incidents.count", severity=_name(one), count=one.incidents)
        for one in week.figures.severities
    )
    heading = words.say(
        "digest.incidents.heading",
        count=week.total,
        change=change(words, week.total, previous=week.before.incidents),
    )
    lines = (" · ".join(counts), *_medians(words, week), _aside(words, week))
    return _Section(heading, tuple(line for line in lines if line))


def _medians(words: Wording, week: Digest) -> Iterator[str]:
    """Say the medians of each severity: one over all would say nothing of any."""
    for one in week.figures.severities:
        if one.acknowledge.count or one.resolve.count:
            mtta, mttr = (_span(words, took.median_s) for took in (one.acknowledge, one.resolve))
            yield words.say("digest.incidents.medians", severity=_name(one), mtta=mtta, mttr=mttr)


def _name(figures: SeverityFigures) -> str:
    return inert(figures.severity, limit=_SEVERITY_LIMIT)


def _aside(words: Wording, week: Digest) -> str:
    """Count what is not an incident of its own: "ほかに 誤報 1 件 · 重複 2 件"; empty without any."""
    aside = week.figures.set_aside
    kinds = {"false_alarms": aside.false_alarms, "duplicates": aside.duplicates, "alerts": aside.alerts}
    said = [words.say(f"digest.aside.{kind}", count=count) for kind, count in kinds.items() if count]
    return words.say("digest.aside.line", what=" · ".join(said)) if said else ""


def _span(words: Wording, seconds: float | None) -> str:
    return _NOTHING if seconds is None else words.span(seconds)


def _dlq(words: Wording, counts: DlqCounts, *, previous: int | None) -> _Section:
    heading = words.say(
        "digest.dlq.heading", count=counts.total, change=change(words, counts.total, previous=previous)
    )
    channels = " · ".join(
        words.say("digest.dlq.channel", channel=where(channel, limit=100), count=count)
        for channel, count in counts.by_channel
    )
    p0 = words.say("digest.dlq.p0", failed=counts.p0_failed, emailed=counts.p0_emailed)
    return _Section(heading, tuple(line for line in (channels, p0) if line))


def _list(
    words: Wording, heading: str, incidents: Sequence[Incident], *, line: Callable[[Incident], str]
) -> _Section:
    """Compose a list that counts all but has no line for a private one, because everybody reads it."""
    lines = [line(one) for one in incidents if not one.is_private]
    private = len(incidents) - len(lines)
    if private:
        lines.append(words.say("digest.item.private", count=private))
    return _Section(heading, tuple(lines))


def _incident(words: Wording, show: Show, incident: Incident) -> str:
    name, title = show(incident)
    return words.say(
        "digest.item.incident",
        name=name,
        severity=incident.severity,
        title=title,
        state=words.state(incident),
    )


def _postmortem(words: Wording, show: Show, incident: Incident) -> str:
    name, title = show(incident)
    path = f"`{postmortem_path(words.policy, incident)}`"
    return words.say("digest.item.postmortem", name=name, title=title, path=path)


RENDERERS: Final[Renderers] = {DeliveryKind.DIGEST: of(Digest, digest)}


def headline(words: Wording, week: Digest) -> str:
    """Return the headline: 「先週は SEV1 が 1 件。ack は全件期限内。DLQ の失敗は 17 件で前週の 2 倍。」."""
    if week.is_quiet:
        return _quiet(words, week)
    sentences = [_happened(words, week), *_in_time(words, week), *_undelivered(words, week)]
    if words.policy.language == "ja":
        return "".join(f"{sentence}。" for sentence in sentences)
    return f"{'; '.join(sentences)}."


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


def _quiet(words: Wording, week: Digest) -> str:
    if week.dlq is not None:
        key = "digest.quiet"
    else:
        key = "digest.quiet_unknown" if words.policy.sees_dlq else "digest.quiet_here"
    start, end = week.week.monday, week.week.monday + timedelta(days=6)
    return words.say(key, start=f"{start:%m/%d}", end=f"{end:%m/%d}")


def _happened(words: Wording, week: Digest) -> str:
    if not week.total:
        return words.say("digest.headline.none")
    counts = [
        words.say("digest.headline.count", severity=_name(one), count=one.incidents)
        for one in week.figures.severities
        if one.incidents
    ]
    return words.say("digest.headline.some", counts=_listed(words, counts))


def _in_time(words: Wording, week: Digest) -> list[str]:
    if missed := week.figures.ack_deadlines.missed:
        return [words.say("digest.headline.missed", count=missed)]
    return [words.say("digest.headline.all_in_time")] if week.total else []


def _undelivered(words: Wording, week: Digest) -> list[str]:
    if week.dlq is None:  # away, or none of this guild's business
        return [words.say("digest.headline.dlq_unknown")] if words.policy.sees_dlq else []
    if not week.dlq.total:
        return [words.say("digest.headline.dlq_none")]
    compared = change(words, week.dlq.total, previous=week.previous_dlq)
    said = words.say("digest.headline.dlq_some", count=week.dlq.total, change=compared)
    return [_listed(words, [said, *_share(words, week.dlq)])]


def _share(words: Wording, counts: DlqCounts) -> list[str]:
    """Name the channel with most of the failed deliveries and its share; empty when no channel has most."""
    channel, count = max(counts.by_channel, key=lambda pair: pair[1], default=("", 0))
    percent = round(100 * count / counts.total)
    if percent < _MOST_OF_THEM:
        return []
    name = where(channel, limit=_CHANNEL_LIMIT)
    return [words.say("digest.headline.dlq_share", percent=percent, channel=name)]


def _listed(words: Wording, parts: list[str]) -> str:
    return ("、" if words.policy.language == "ja" else ", ").join(parts)
