"""The week as a message, and as plain text; and the posts about alerts that it asks about."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.dlq import DlqCounts
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.figures import AlertCounts, Deadlines, ExampleOf, SeverityFigures
from bot.domain.statistics.load import NO_SLEEP
from bot.domain.statistics.period import IsoWeek
from bot.domain.text import cut
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import Subject
from bot.ui.buttons import Component, OwnVerb, row
from bot.ui.pictures import times_line
from bot.ui.posts.bodies import (
    EMBED_TOTAL,
    FIELD_VALUE_LIMIT,
    FIELDS_LIMIT,
    GREY,
    Body,
    Field,
    Renderers,
    about,
    carrying,
    embed,
    message,
)
from bot.ui.words.inert import fair_share, inert, joined, plain
from bot.ui.words.summary import owner
from bot.ui.words.systems import answer, where
from bot.ui.words.wording import Wording, due_day, home_url, linked_label, sign_of
from cogs.digest.rules import (
    ActionsDue,
    AlertVerdict,
    AlertVerdictData,
    AskedAlerts,
    Digest,
    DigestData,
    DigestDelivery,
    DigestPart,
    DueAction,
    Harm,
    HarmFigure,
    Verdict,
    week_number,
)

TITLE_LIMIT: Final = 80
_DEBT_LIMIT: Final = 40  # characters of a title in the post: one or two lines of a phone
_TEAMS_LIMIT: Final = 600  # characters of the lines of teams, which the other lines leave free
_MINUTE_S: Final = 60.0
SEVERITY_LIMIT: Final = 40
NAME_LIMIT: Final = 60

#: How one incident's name is shown, and its title.
Show = Callable[[Incident], tuple[str, str]]

#: How a person is shown.
ShowPerson = Callable[[OnCallPerson], str]

#: The sign before an alert in the list, and on its button.
MARKS: Final = "①②③"

#: The buttons about a noisy alert: `ASK` shows the others, `WITHDRAW` undoes any of them.
ASK: Final = OwnVerb("ask", "🔔", of="alv")
WITHDRAW: Final = OwnVerb("withdraw", "↩️", of="alv")

#: [くわしく] below a digest: what its post leaves out; its number is `week_number`.
MORE: Final = OwnVerb("more", "🔎", of="dig")


@dataclass(frozen=True, slots=True)
class DigestSection:
    """One section of the digest: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


def linked(incident: Incident, *, limit: int = TITLE_LIMIT) -> tuple[str, str]:
    """Show an incident where a link can be pressed; *limit* is that of its title."""
    url = home_url(incident)
    name = incident.label if url is None else f"[{incident.label}]({url})"
    return name, inert(incident.title, limit=limit)


def named(incident: Incident) -> tuple[str, str]:
    """Return the label and the title of an incident for a terminal."""
    return incident.label, plain(incident.title, limit=TITLE_LIMIT)


def mentioned(person: OnCallPerson) -> str:
    """Show a person under the name that Discord has; a mention in an embed notifies no one."""
    return f"<@{person.user_id}>" if person.user_id is not None else inert(person.name, limit=NAME_LIMIT)


def called(person: OnCallPerson) -> str:
    """Return the name of a person for a terminal."""
    return plain(person.name, limit=NAME_LIMIT)


def severity_name(one: SeverityFigures) -> str:
    """Return a severity's name, which the policy may have had once."""
    return inert(one.severity, limit=SEVERITY_LIMIT)


def leading(  # what is shown of which week, where, and otherwise
    words: Wording, week: Digest, show: Show, of: ExampleOf, name: str = "", *, otherwise: str = "stats show"
) -> str:
    """Return where a line of figures leads, to append: " · 最新 INC-42".

    Args:
        otherwise: The command that it leads to without an example.
    """
    example = week.examples.of(of, name)
    if example is None:
        return looked_up(words, otherwise)
    return words.say(f"figures.example.{of}", name=show(example)[0])


def looked_up(words: Wording, command: str) -> str:
    """Return the command that tells more of a line, to append; empty where it cannot be pressed."""
    mention = words.command(command)
    return f" · {mention}" if mention else ""


def incident_lines(words: Wording, incidents: Sequence[Incident], show: Show, *, today: date) -> list[str]:
    """Return a line for each, and one that counts the private ones, because everybody reads it.

    Args:
        today: The day whose times need no date.
    """
    lines, day = [], datetime.combine(today, time(), words.policy.timezone)
    for one in incidents:
        if not one.is_private:
            name, title = show(one)
            lines.append(
                words.say(
                    "digest.item.incident",
                    sign=sign_of(one),
                    name=name,
                    severity=inert(one.severity, limit=SEVERITY_LIMIT),
                    title=title,
                    owner=owner(words, one, on=day),
                )
            )
    private = len(incidents) - len(lines)
    return [*lines, private_line(words, private, "incident list")] if private else lines


def private_line(words: Wording, count: int, command: str) -> str:
    """Count what is private: the people who may see it find it by *command*."""
    return words.say("digest.item.private", count=count) + looked_up(words, command)


_CHANNEL_LIMIT: Final = 100
_MOST_OF_THEM: Final = 50  # percent from which one channel is worth naming
_ROUND_FIELDS: Final = 700  # characters of an embed that its title, the notes and some slack take


def digest(words: Wording, week: Digest, *, pictures: Sequence[str] = (), is_last: bool = True) -> Body:
    """Compose the message of a week, for one screen of a phone; a quiet week is one friendly line.

    Args:
        pictures: The names of the charts that go with it, in their order.
        is_last: As in `headline`.
    """
    # The headline is `content`, because that is what a phone shows; said twice it would be noise.
    lines = [headline(words, week, is_last=is_last), *harm_lines(words, week, linked)]
    if missing := _missing(words, week):
        lines.append(words.say("digest.missing.line", what=words.listed(missing)))
    content = "\n".join(lines)
    if week.is_quiet:
        return message(content, embeds=_charts(pictures))
    left = [*debt_lines(words, week), *_asked_line(words, week)]
    below = [embed(colour=GREY, description="\n".join(left))] if left else []
    return message(content, embeds=[*below, *_charts(pictures)], components=digest_row(words, week))


def digest_details(words: Wording, week: Digest, *, pictures: Sequence[str] = ()) -> list[Body]:
    """Compose what the post of a week leaves out, as embeds; *pictures* as in `digest`."""
    figures = embed(
        colour=GREY,
        title=_dates(words, "digest.title", week.week),
        fields=_fields(words, list(sections(words, week, linked, mentioned))),
    )
    figures["footer"] = {"text": "\n".join(notes(words, week))}
    return [*_charts(pictures), figures]


def _charts(names: Sequence[str]) -> list[Body]:
    """Return an embed for each chart: a phone shows it as wide as its screen, two files as small squares."""
    return [{"color": GREY, "image": {"url": f"attachment://{name}"}} for name in names]


def digest_row(words: Wording, week: Digest) -> list[Component]:
    """Return the row below a digest: the rest of it, and a button for each alert that it asks about."""
    return _row(words, week.week, week.asked_alerts)


def more_button(words: Wording, week: IsoWeek) -> Component:
    """Return [くわしく]."""
    return words.buttons.make(MORE, week_number(week), words="digest_more")


def digest_text(digest: Digest, *, texts: Texts, policy: Policy) -> str:
    """Compose the digest for a terminal: no markup, no links."""
    words = Wording(texts, policy)
    if digest.is_quiet:
        return headline(words, digest)
    figures = (
        "\n".join([section.heading, *(f"  {line.replace('**', '')}" for line in section.lines)])
        for section in sections(words, digest, named, called)
    )
    told = "\n".join([headline(words, digest), *harm_lines(words, digest, named)]).replace("**", "")
    title = f"{_dates(words, 'digest.title', digest.week)}\n{told}"
    return "\n\n".join([title, *figures, "\n".join(notes(words, digest))])


def _post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    if isinstance(subject, AskedAlerts):  # an edit: its figures are those of its hour
        return {"components": _row(words, IsoWeek.parse(DigestData.from_json(delivery.data).week), subject)}
    week, files = about(Digest, delivery, subject), DigestData.from_json(delivery.data).files
    body = digest(words, week, pictures=[one.filename for one in files])
    return carrying(body, files) if files else body


def _fields(words: Wording, parts: Sequence[DigestSection]) -> list[Field]:
    """Return the parts as fields within the limits of an embed; what a part leaves out it counts."""
    parts, more = parts[:FIELDS_LIMIT], "\n" + words.say("digest.more", count="{count}")
    wanted = [min(len("\n".join([*part.lines, more])), FIELD_VALUE_LIMIT) for part in parts]
    headings = sum(len(part.heading) for part in parts)
    limit = fair_share(wanted, limit=EMBED_TOTAL - _ROUND_FIELDS - headings)
    return [Field(part.heading, joined(part.lines, separator="\n", limit=limit, more=more)) for part in parts]


def headline(words: Wording, week: Digest, *, is_last: bool = True) -> str:
    """Return the headline: 「先週は前週より悪化：夜間の呼び出し 0 → 4 回」.

    Args:
        is_last: It is the last week; the words name another one by its dates.
    """
    when = _dates(words, "digest.when.last" if is_last else "digest.when.other", week.week)
    if week.is_quiet:
        unknown = "digest.quiet_unknown" if words.policy.sees_dlq else "digest.quiet_here"
        return words.say(unknown if week.dlq is None else "digest.quiet", when=when)
    if DigestPart.INCIDENTS in week.missing:
        return words.say("digest.headline.uncounted", when=when)
    if not week.missing and not any(one.now for one in week.harms):
        return words.say("digest.headline.none", when=when)
    course, why = week.course
    return words.say(f"digest.headline.{course}", when=when, what="" if why is None else _moved(words, why))


def _dates(words: Wording, key: str, week: IsoWeek) -> str:
    start, end = week.monday, week.monday + timedelta(days=6)
    return words.say(key, week=week, start=f"{start:%m/%d}", end=f"{end:%m/%d}")


def _moved(words: Wording, one: HarmFigure) -> str:
    """Say how a figure went: "夜間の呼び出し 0 → 4 回"."""
    is_time = one.harm is Harm.UNOWNED
    now, before = (_time(words, value) if is_time else f"{value:.0f}" for value in (one.now, one.before))
    severity = inert(one.severity, limit=SEVERITY_LIMIT)
    return words.say(f"digest.moved.{one.harm}", now=now, before=before, severity=severity)


def harm_lines(words: Wording, week: Digest, show: Show) -> list[str]:
    """Return a line for each harm of the week, each beside the week before; none for a quiet week."""
    if week.is_quiet:
        return []
    lines: list[str] = []
    if DigestPart.LOAD not in week.missing:
        lines += _paged(words, week)
    if DigestPart.INCIDENTS not in week.missing:
        lines += [*_unowned(words, week, show), *_late(words, week), *_happened(words, week)]
        lines += _of_teams(words, week)
    return [*lines, *_undelivered(words, week)]


def _missing(words: Wording, week: Digest) -> list[str]:
    """Return what could not be counted."""
    return [words.say(f"digest.missing.{part}") for part in DigestPart if part in week.missing]


def _before(words: Wording, week: Digest, value: str) -> str:
    """Return the value of the week before, to append; empty if nothing is known of it."""
    return words.say("digest.before", value=value) if week.is_comparable else ""


def _paged(words: Wording, week: Digest) -> Iterator[str]:
    now, before = week.pages, week.pages_before
    if now.total or before.total:
        night = ""
        if now.asleep or before.asleep:
            was = _before(words, week, f"{before.asleep}")
            night = words.say("digest.harm.night", count=now.asleep, before=was)
        was = _before(words, week, f"{before.total}")
        yield words.say("digest.harm.pages", count=now.total, before=was, night=night)


def _unowned(words: Wording, week: Digest, show: Show) -> Iterator[str]:
    now, before = week.figures.unowned, week.before.unowned
    if now.total_s < _MINUTE_S and before.total_s < _MINUTE_S:
        return
    longest = ""
    if now.longest:
        longest = words.say("figures.example.severity", name=show(now.longest[0].incident)[0])
    was = _before(words, week, _time(words, before.total_s))
    yield words.say("digest.harm.unowned", span=_time(words, now.total_s), before=was, longest=longest)


def _time(words: Wording, seconds: float) -> str:
    return words.span(seconds) if seconds >= _MINUTE_S else words.say("digest.harm.no_time")


def _late(words: Wording, week: Digest) -> Iterator[str]:
    missed, before = week.figures.ack_deadlines.missed, week.before.ack_deadlines.missed
    if missed:
        yield words.say("digest.harm.late", count=missed, before=_before(words, week, f"{before}"))
    elif week.figures.ack_deadlines.total or before:
        was = _before(words, week, f"{before}") if before else ""
        yield words.say("digest.harm.in_time", before=was)


def _happened(words: Wording, week: Digest) -> Iterator[str]:
    before = week.before.incidents
    if week.total or before:
        there = [one for one in week.figures.severities if one.incidents]
        counts = [
            words.say("digest.harm.severity", severity=severity_name(one), count=one.incidents)
            for one in there
        ]
        what = words.say("digest.harm.severities", counts=" · ".join(counts)) if counts else ""
        was = _before(words, week, f"{before}")
        yield words.say("digest.harm.incidents", count=week.total, before=was, severities=what)


def _of_teams(words: Wording, week: Digest) -> list[str]:
    """Return a line for each team that had an incident or an escalation."""
    lines = [
        words.say(
            "digest.harm.team", team=words.team(one.team), incidents=one.incidents, escalated=one.escalated
        )
        for one in week.teams
        if one.incidents or one.escalated
    ]
    more = "\n" + words.say("digest.more", count="{count}")
    return [joined(lines, separator="\n", limit=_TEAMS_LIMIT, more=more)] if lines else []


def _undelivered(words: Wording, week: Digest) -> Iterator[str]:
    if week.dlq is None:  # its database is away, or this guild may not read the DLQ
        if words.policy.sees_dlq:
            yield words.say("digest.harm.dlq_unknown")
        return
    if week.dlq.total or week.previous_dlq:
        was = "" if week.previous_dlq is None else _before(words, week, f"{week.previous_dlq}")
        share = "".join(_share(words, week.dlq))
        line = words.say("digest.harm.dlq", count=week.dlq.total, before=was, share=share)
        yield line + looked_up(words, "dlq recent")


def debt_lines(words: Wording, week: Digest) -> list[str]:
    """Return what is left, one of each by name: late postmortems, overdue action items, open incidents."""
    late = [one for one in week.postmortems if one.is_overdue(week.today)]
    owed = [one for one in late if not one.incident.is_private]
    items, still_open = week.actions.overdue, sorted(week.open, key=lambda one: one.owner.name is not None)
    public = [one for one in still_open if not one.is_private]
    secret, lines = words.say("digest.asked.private"), list[str]()
    if late:
        one = secret
        if owed:
            name, title = linked(owed[0].incident, limit=_DEBT_LIMIT)
            who = inert(owed[0].postmortem.owner_name, limit=NAME_LIMIT)
            due = due_day(words, owed[0].postmortem.due_on)
            one = words.say("digest.debts.named", name=name, title=title, who=who, due=due)
        lines.append(
            words.say("digest.debts.postmortems", count=len(late), one=one + _others(words, len(late)))
        )
    if count := week.actions.late:
        one = secret
        if items:
            item = items[0].item
            who, due = inert(item.owner.name, limit=NAME_LIMIT), due_day(words, item.due_on)
            what = inert(item.what, limit=_DEBT_LIMIT)
            one = words.say("digest.debts.named", name=item.label, title=what, who=who, due=due)
        lines.append(words.say("digest.debts.actions", count=count, one=one + _others(words, count)))
    if still_open:
        one = secret
        if public:
            name, title = linked(public[0], limit=_DEBT_LIMIT)
            has_it = owner(words, public[0], on=datetime.combine(week.today, time(), words.policy.timezone))
            one = words.say("digest.debts.open_one", name=name, title=title, owner=has_it)
        lines.append(
            words.say("digest.debts.open", count=len(still_open), one=one + _others(words, len(still_open)))
        )
    return lines


def _others(words: Wording, count: int) -> str:
    """Return how many of *count* there are beside the one that is named; empty for none."""
    return words.say("state.more", count=count - 1) if count > 1 else ""


def _share(words: Wording, counts: DlqCounts) -> list[str]:
    """Name the channel with most of the failed deliveries and its share; empty when no channel has most."""
    channel, count = max(counts.by_channel, key=lambda pair: pair[1], default=("", 0))
    percent = (200 * count + counts.total) // (2 * counts.total) if count else 0  # 62.5 is 63, as by hand
    if percent < _MOST_OF_THEM:
        return []
    name = where(channel, limit=_CHANNEL_LIMIT)
    answers = counts.answers.get(channel, ())
    why = ""
    if answers and 2 * answers[0].count > count:
        why = words.say("digest.harm.dlq_why", answer=answer(words, answers[0].http_status, None))
    return [words.say("digest.harm.dlq_share", percent=percent, channel=name, why=why)]


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
        (DigestPart.DLQ, _dlq(words, week)),
        (DigestPart.POSTMORTEMS, postmortems(words, week, show)),
        (DigestPart.ACTIONS, actions_due(words, week.actions, show)),
        (DigestPart.INCIDENTS, _drills(words, week, show)),
    )
    yield from (section for part, section in made if section is not None and part not in week.missing)
    if missing := _missing(words, week):
        yield DigestSection(words.say("digest.missing.heading"), tuple(missing))


def _incidents(words: Wording, week: Digest) -> DigestSection:
    counts = (
        words.say("figures.incidents.count", severity=severity_name(one), count=one.incidents)
        for one in week.figures.severities
    )
    was = _before(words, week, f"{week.before.incidents}")
    heading = words.say("digest.incidents.heading", count=week.total, before=was)
    line = " · ".join(counts) + looked_up(words, "stats show")
    lines = [line] if line else []
    # What is not an incident of its own: "ほかに 誤報 1 件 · 重複 2 件".
    aside = week.figures.set_aside
    kinds = {"false_alarms": aside.false_alarms, "duplicates": aside.duplicates}
    others = [words.say(f"figures.aside.{kind}", count=count) for kind, count in kinds.items() if count]
    if others:
        what = words.say("figures.aside.line", what=" · ".join(others))
        lines.append(what + looked_up(words, "incident list"))
    return DigestSection(heading, tuple(lines))


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
    lines += incident_lines(words, week.missed, show, today=week.today)
    if updates.total:
        late = leading(words, week, show, ExampleOf.LATE_UPDATE) if updates.missed else more
        lines.append(_deadline(words, "updates", updates) + late)
    return DigestSection(words.say("digest.deadlines.heading"), tuple(lines)) if lines else None


def _deadline(words: Wording, key: str, deadlines: Deadlines) -> str:
    return words.say(f"digest.deadlines.{key}", met=deadlines.met, total=deadlines.total)


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
    lines = []
    for one in paged:
        pages, person = one.pages, who(one.person)
        counts = {"day": pages.day, "night": pages.night, "weekend": pages.weekend, "holiday": pages.holiday}
        parts = [words.say(f"digest.load.{kind}", count=count) for kind, count in counts.items() if count]
        if pages.asleep:
            parts.append(words.say("digest.load.asleep", count=pages.asleep))
        line = words.say("digest.load.line", person=person, count=pages.total, parts=" · ".join(parts))
        lines.append(line + leading(words, week, show, ExampleOf.READER, one.person.handle))
    return DigestSection(words.say("digest.load.heading", count=total), tuple(lines))


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
    heading = words.say("digest.alerts.heading", count=week.alerts.alerts)
    return DigestSection(heading, tuple(lines))


def _counts(words: Wording, counts: AlertCounts) -> str:
    kinds = {
        "acknowledged": counts.acknowledged,
        "acted_on": counts.acted_on,
        "false": counts.false,
        "again": counts.again,
    }
    parts = [words.say("digest.alerts.count", count=counts.alerts, messages=counts.messages)]
    # That no one acknowledged them is news; the others are left out when there are none.
    shown = [(kind, count) for kind, count in kinds.items() if count or kind == "acknowledged"]
    parts += [words.say(f"digest.alerts.{kind}", count=count) for kind, count in shown]
    return " · ".join(parts)


def _asked(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the noisiest alerts, each with the sign that its buttons have."""
    messages = {one.latest.id: one.counts.messages for one in week.alerts.noisiest}
    lines = []
    for mark, alert in zip(MARKS, week.asked_alerts.alerts, strict=False):
        name, title = show(alert)
        given = week.asked_alerts.verdicts.get(alert.id)
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


def _asked_line(words: Wording, week: Digest) -> Iterator[str]:
    """Ask about the noisiest alerts in one line, each with the sign that its button has."""
    if not week.asked_alerts.alerts:
        return
    marked = []
    for mark, alert in zip(MARKS, week.asked_alerts.alerts, strict=False):
        name, title = linked(alert, limit=_DEBT_LIMIT)
        marked.append(f"{mark} {name} {words.say('digest.asked.private') if alert.is_private else title}")
    yield words.say("digest.asked.short", alerts=" · ".join(marked))


def _dlq(words: Wording, week: Digest) -> DigestSection | None:
    counts = week.dlq
    if counts is None:
        return None
    was = "" if week.previous_dlq is None else _before(words, week, f"{week.previous_dlq}")
    heading = words.say("digest.dlq.heading", count=counts.total, before=was)
    if not counts.total:
        return DigestSection(heading, (words.say("digest.dlq.none") + looked_up(words, "dlq recent"),))
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
    failed = words.say("digest.dlq.channel", channel=f"[{name}]({url})" if url else name, count=count)
    more = "" if url else looked_up(words, "dlq recent")
    answers = counts.answers.get(channel, ())
    if not answers:
        return failed + more
    if len(answers) == 1:
        return f"{failed} ({answer(words, answers[0].http_status, None)}){more}"
    why = " · ".join(f"{answer(words, one.http_status, None)} × {one.count}" for one in answers[:_ANSWERS])
    return f"{failed} ({why}){more}"


def _drills(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    drills = week.figures.drills
    if not drills.held:
        return None
    median = drills.acknowledge.median_s
    took = words.say("figures.times.none") if median is None else words.span(median)
    line = words.say("digest.drills.line", count=drills.held, took=took)
    return DigestSection(
        words.say("digest.drills.heading"), (line + leading(words, week, show, ExampleOf.DRILL),)
    )


def open_incidents(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the incidents that go on; return None without any."""
    if not week.open:
        return None
    heading = words.say("digest.open.heading", count=len(week.open))
    return DigestSection(heading, tuple(incident_lines(words, week.open, show, today=week.today)))


def postmortems(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the postmortems not yet done, late or not; return None without any."""
    if not week.postmortems:
        return None
    overdue = sum(one.is_overdue(week.today) for one in week.postmortems)
    key = "digest.postmortems.heading_late" if overdue else "digest.postmortems.heading"
    lines = []
    for one in week.postmortems:
        if not one.incident.is_private:
            name, title = show(one.incident)
            line = "digest.postmortems.late" if one.is_overdue(week.today) else "digest.postmortems.line"
            who = inert(one.postmortem.owner_name, limit=NAME_LIMIT)
            due = due_day(words, one.postmortem.due_on)
            lines.append(words.say(line, name=name, title=title, owner=who, due=due))
    private = len(week.postmortems) - len(lines)
    if private:
        lines.append(private_line(words, private, "incident list"))
    return DigestSection(words.say(key, count=len(week.postmortems), overdue=overdue), tuple(lines))


def actions_due(words: Wording, actions: ActionsDue, show: Show) -> DigestSection | None:
    """List the action items that are overdue or due soon, and count the others; return None without any."""
    if not actions.waiting:
        return None
    lines = [_action(words, "digest.actions.late", one, show) for one in actions.overdue]
    lines += [_action(words, "digest.actions.line", one, show) for one in actions.due]
    if actions.private:
        lines.append(private_line(words, actions.private, "action list"))
    if actions.later:
        lines.append(words.say("digest.actions.later", count=actions.later) + looked_up(words, "action list"))
    key = "digest.actions.heading_late" if actions.late else "digest.actions.heading"
    heading = words.say(key, count=actions.waiting, overdue=actions.late)
    return DigestSection(heading, tuple(lines))


def _action(words: Wording, key: str, due: DueAction, show: Show) -> str:
    item, incident = due.item, due.incident
    if incident is None:
        origin = looked_up(words, "action list")
    else:
        origin = words.say("digest.actions.origin", incident=show(incident)[0])
    return words.say(
        key,
        label=item.label,
        origin=origin,
        what=inert(item.what, limit=TITLE_LIMIT),
        owner=inert(item.owner.name, limit=NAME_LIMIT),
        due=due_day(words, item.due_on),
    )


def notes(words: Wording, week: Digest) -> Iterator[str]:
    """Yield the lines: the span, the day of what is not of the week, what a page is, where to look."""
    monday, zone = week.week.monday, words.policy.timezone
    yield words.say(
        "digest.note.counted",
        start=f"{monday:%m/%d}",
        end=f"{monday + timedelta(days=6):%m/%d}",
        zone=f"{datetime.combine(monday, time(), zone):%Z}",
    )
    if week.open or week.postmortems or week.actions.waiting:
        yield words.say("digest.note.as_of", today=due_day(words, week.today))
    if any(one.pages.total for one in week.load):
        sleep = words.policy.figures.sleep
        if sleep == NO_SLEEP:
            yield words.say("digest.note.pages_no_sleep")
        else:
            yield words.say("digest.note.pages", start=f"{sleep.start:%H:%M}", end=f"{sleep.end:%H:%M}")
    if not words.command_ids:  # else each line leads there
        yield words.say("digest.note.more")


_VERDICT_TITLE_LIMIT: Final = 200
_VERDICT_NAME_LIMIT: Final = 40
_LABEL_LIMIT: Final = 80  # Discord: a button's label

KEEP: Final = OwnVerb("keep", "✅", of="alv")
MUTE: Final = OwnVerb("mute", "🔕", of="alv")
DROP: Final = OwnVerb("drop", "🗑️", of="alv")


def _row(words: Wording, week: IsoWeek, alerts: AskedAlerts) -> list[Component]:
    """Return [くわしく] and a button for each alert: it asks, or says what was decided."""
    made = [more_button(words, week)]
    for mark, number in zip(MARKS, alerts.numbers, strict=False):
        component, given = _verdict_button(words, ASK, number), alerts.verdicts.get(number)
        label = component["label"] if given is None else verdict_words(words, given)
        made.append({**component, "label": cut(f"{mark} {label}", limit=_LABEL_LIMIT)})
    return row(made)


def verdict_buttons(words: Wording, alert: Incident, given: AlertVerdict | None) -> list[Component]:
    """Return the answers to give about *alert*, or how the one that was *given* is undone."""
    verbs = (KEEP, MUTE, DROP) if given is None else (WITHDRAW,)
    return [_verdict_button(words, verb, alert.id) for verb in verbs]


def verdict_question(words: Wording, alert: Incident, given: AlertVerdict | None) -> str:
    """Return the question about *alert*, with what each answer does; or what was decided."""
    facts = {"alert": _linked_title(alert), "source": _monitor(alert)}
    if given is None:
        return words.say("digest.question", **facts)
    return words.say("digest.answered", said=verdict_words(words, given), **facts)


def verdict_words(words: Wording, given: AlertVerdict) -> str:
    """Return a verdict in a few words: "ミュート中 12/8 18:05 JST まで (佐藤)"."""
    who = inert(given.by_name, limit=_VERDICT_NAME_LIMIT)
    return words.say(f"digest.verdict.{given.verdict}", who=who, until=words.moment(given.holds_until))


def verdict_line(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the line below the digest: who has decided what, until when, and how it is undone."""
    alert, data = about(Incident, delivery, subject), AlertVerdictData.from_json(delivery.data)
    key = "withdrawn" if data.verdict is None else data.verdict.value
    line = words.say(
        f"digest.decided.{key}",
        alert=_linked_title(alert),
        source=_monitor(alert),
        who=words.who(data.by),
        until="" if data.until is None else words.moment(data.until),
    )
    undo = [_verdict_button(words, WITHDRAW, alert.id)] if data.verdict is Verdict.MUTE else []
    return message(line, components=row(undo))


def _verdict_button(words: Wording, verb: OwnVerb, number: int) -> Component:
    return words.buttons.make(verb, number, words=f"verdict_{verb.value}")


def _linked_title(alert: Incident) -> str:
    return f"{linked_label(alert)} {inert(alert.title, limit=_VERDICT_TITLE_LIMIT)}"


def _monitor(alert: Incident) -> str:
    return inert(alert.tracked.monitor or "?", limit=_VERDICT_NAME_LIMIT)


RENDERERS: Final[Renderers] = {DigestDelivery.POST: _post, DigestDelivery.VERDICT: verdict_line}
