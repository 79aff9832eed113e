"""The week as a message, and as plain text: headline, charts, figures, what is still to do."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.digest import Digest, DigestData, DigestPart
from bot.domain.dlq.failures import DlqCounts
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import Subject
from bot.ui.posts.bodies import (
    EMBED_TOTAL,
    FIELD_VALUE_LIMIT,
    FIELDS_LIMIT,
    GREY,
    Body,
    Field,
    carrying,
    embed,
    message,
)
from bot.ui.posts.digest.naming import DigestSection, called, linked, mentioned, named, severity_name
from bot.ui.posts.digest.notes import notes
from bot.ui.posts.digest.sections import change, sections
from bot.ui.posts.dlq import answer, where
from bot.ui.posts.looks import Renderers, about
from bot.ui.posts.verdicts import verdict_row
from bot.ui.words.inert import fair_share, joined
from bot.ui.words.wording import Wording

_CHANNEL_LIMIT: Final = 100
_MOST_OF_THEM: Final = 50  # percent from which one channel is worth naming
_ROUND_FIELDS: Final = 700  # characters of an embed that its title, the notes and some slack take


def digest(words: Wording, week: Digest, *, pictures: Sequence[str] = (), is_last: bool = True) -> Body:
    """Compose the message of a week; a quiet week is one friendly line.

    Args:
        pictures: The names of the charts that go with it, in their order.
        is_last: As in `headline`.
    """
    shown = [_picture(name) for name in pictures]
    # The headline is `content`, because that is what a phone shows; said twice it would be noise.
    said = headline(words, week, is_last=is_last)
    if week.is_quiet:
        return message(said, embeds=shown)
    fields = _fields(words, list(sections(words, week, linked, mentioned)))
    figures = embed(colour=GREY, title=_dates(words, "digest.title", week.week), fields=fields)
    figures["footer"] = {"text": "\n".join(notes(words, week))}
    rows = verdict_row(words, week.asked)
    return message(said, embeds=[*shown, figures], components=rows)


def digest_text(digest: Digest, *, texts: Texts, policy: Policy) -> str:
    """Compose the digest for a terminal: no markup, no links."""
    words = Wording(texts, policy)
    if digest.is_quiet:
        return headline(words, digest)
    figures = (
        "\n".join([section.heading, *(f"  {line}" for line in section.lines)])
        for section in sections(words, digest, named, called)
    )
    title = f"{_dates(words, 'digest.title', digest.week)}\n{headline(words, digest)}"
    return "\n\n".join([title, *figures, "\n".join(notes(words, digest))])


def _post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    week, files = about(Digest, delivery, subject), DigestData.from_json(delivery.data).files
    body = digest(words, week, pictures=[one.filename for one in files])
    return carrying(body, files) if files else body


def _picture(name: str) -> Body:
    """Return an embed of one chart: a phone shows it as wide as its screen, two files as small squares."""
    return {"color": GREY, "image": {"url": f"attachment://{name}"}}


def _fields(words: Wording, parts: Sequence[DigestSection]) -> list[Field]:
    """Return the parts as fields within the limits of an embed; what a part leaves out it counts."""
    parts, more = parts[:FIELDS_LIMIT], "\n" + words.say("digest.more", count="{count}")
    wanted = [min(len("\n".join([*part.lines, more])), FIELD_VALUE_LIMIT) for part in parts]
    headings = sum(len(part.heading) for part in parts)
    limit = fair_share(wanted, limit=EMBED_TOTAL - _ROUND_FIELDS - headings)
    return [Field(part.heading, joined(part.lines, separator="\n", limit=limit, more=more)) for part in parts]


RENDERERS: Final[Renderers] = {DeliveryKind.DIGEST: _post}


def headline(words: Wording, week: Digest, *, is_last: bool = True) -> str:
    """Return the headline: 「先週は SEV1 が 1 件。ack は全件期限内。DLQ の失敗は 17 件で前週の 2 倍。」.

    Each number is compared with the week before.

    Args:
        is_last: It is the last week; the words name another one by its dates.
    """
    if week.is_quiet:
        return _quiet(words, week, is_last=is_last)
    when = words.say("digest.when.last") if is_last else _dates(words, "digest.when.other", week.week)
    sentences = [_happened(words, week, when), *_in_time(words, week), *_undelivered(words, week)]
    if words.policy.language == "ja":
        return "".join(f"{sentence}。" for sentence in sentences)
    return f"{'; '.join(sentences)}."


def _dates(words: Wording, key: str, week: IsoWeek) -> str:
    start, end = week.monday, week.monday + timedelta(days=6)
    return words.say(key, week=week, start=f"{start:%m/%d}", end=f"{end:%m/%d}")


def _quiet(words: Wording, week: Digest, *, is_last: bool) -> str:
    if week.dlq is not None:
        key = "digest.quiet"
    else:
        key = "digest.quiet_unknown" if words.policy.sees_dlq else "digest.quiet_here"
    when = "digest.when.last_dated" if is_last else "digest.when.other"
    return words.say(key, when=_dates(words, when, week.week))


def _happened(words: Wording, week: Digest, when: str) -> str:
    if DigestPart.INCIDENTS in week.missing:
        return words.say("digest.headline.unknown", when=when)
    if not week.total:
        return words.say("digest.headline.none", when=when)
    there = [one for one in week.figures.severities if one.incidents]
    counts = [
        words.say("digest.headline.count", severity=severity_name(one), count=one.incidents) for one in there
    ]
    compared = change(words, week.total, previous=week.before.incidents)
    said = {"when": when, "total": week.total, "counts": words.listed(counts), "change": compared}
    # The change is that of the total. Beside the last of several severities it would seem to be theirs.
    severities = {one.severity for one in (*there, *week.before.severities) if one.incidents}
    key = "some" if len(severities) == 1 else "one" if week.total == 1 else "several"
    return words.say(f"digest.headline.{key}", **said)


def _in_time(words: Wording, week: Digest) -> list[str]:
    missed, before = week.figures.ack_deadlines.missed, week.before.ack_deadlines
    if missed:
        earlier = words.say("digest.headline.missed_before", count=before.missed) if before.total else ""
        return [words.say("digest.headline.missed", count=missed, before=earlier)]
    earlier = words.say("digest.headline.late_before", count=before.missed) if before.missed else ""
    return [words.say("digest.headline.all_in_time", before=earlier)] if week.total else []


def _undelivered(words: Wording, week: Digest) -> list[str]:
    if week.dlq is None:  # its database is away, or this guild may not read the DLQ
        return [words.say("digest.headline.dlq_unknown")] if words.policy.sees_dlq else []
    if not week.dlq.total:
        return [words.say("digest.headline.dlq_none")]
    compared = change(words, week.dlq.total, previous=week.previous_dlq)
    said = words.say("digest.headline.dlq_some", count=week.dlq.total, change=compared)
    return [words.listed([said, *_share(words, week.dlq)])]


def _share(words: Wording, counts: DlqCounts) -> list[str]:
    """Name the channel with most of the failed deliveries and its share; empty when no channel has most."""
    channel, count = max(counts.by_channel, key=lambda pair: pair[1], default=("", 0))
    percent = (200 * count + counts.total) // (2 * counts.total)  # 62.5 is 63, as by hand
    if percent < _MOST_OF_THEM:
        return []
    name = where(channel, limit=_CHANNEL_LIMIT)
    answers = counts.answers.get(channel, ())
    why = ""
    if answers and 2 * answers[0].count > count:
        why = words.say("digest.headline.dlq_why", answer=answer(words, answers[0].http_status, None))
    return [words.say("digest.headline.dlq_share", percent=percent, channel=name, why=why)]
