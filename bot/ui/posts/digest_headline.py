"""The headline of a digest: what happened, whether acks came in time, what was not delivered."""

from datetime import timedelta

from bot.domain.digest import Digest
from bot.domain.dlq import DlqCounts
from bot.ui.words.dlq_words import where
from bot.ui.words.wording import Wording

_MOST_OF_THEM = 50  # percent from which one channel is worth naming
_CHANNEL_LIMIT = 100


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
        return words.say("digest.change.times", times=f"{count / previous:.1f}".removesuffix(".0"))
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
        words.say("digest.headline.count", severity=severity, count=count)
        for severity, count in week.incidents
        if count
    ]
    return words.say("digest.headline.some", counts=_listed(words, counts))


def _in_time(words: Wording, week: Digest) -> list[str]:
    if week.missed:
        return [words.say("digest.headline.missed", count=len(week.missed))]
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
