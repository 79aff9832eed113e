"""One person's language: texts, moments, spans, channels and people as they read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.incident import Incident, Status
from bot.domain.severity import Mention, SeverityPolicy
from bot.domain.triage import Path, Text
from bot.i18n import Texts, language_of
from bot.runbook.model import SHORTEST_ID, Policy
from bot.ui import timestamps

#: Colour never alone: each stands beside its word.
SIGNS = {Status.TRIGGERED: "🔴", Status.ACKNOWLEDGED: "🟠", Status.RESOLVED: "🟢"}


@dataclass(frozen=True, slots=True)
class Voice:
    """Says things in the language of *locale*."""

    texts: Texts
    policy: Policy
    locale: str

    def say(self, key: str, **fields: object) -> str:
        """The text *key* ("consoles.triage.sent")."""
        return self.texts.say(self.locale, key, **fields)

    def pick(self, words: Text) -> str:
        """The policy's words in this language."""
        return words.say(language_of(self.locale))

    def moment(self, at: datetime) -> str:
        """*at* (aware) in words that get copied: "11/24 14:05 JST"."""
        return timestamps.moment(at, self.policy.timezone)

    def span(self, length: timedelta) -> str:
        """*length* in words: "2 分", "1 時間 30 分"."""
        return timestamps.span(length, texts=self.texts, locale=self.locale)

    def symptoms(self, ids: Iterable[str]) -> str:
        """The symptoms' words; one that the policy no longer knows stays as it is."""
        known = self.policy.symptoms
        return " · ".join(self.pick(known[name]) if name in known else name for name in ids)

    def path(self, path: Path) -> str:
        """The answers in words ("本番影響あり → 影響大"), marked where somebody did not know.

        Raises:
            StaleTriage: an answer is not in the tree.
        """
        unsure = self.say("consoles.triage.unsure_mark")
        words = zip(self.policy.tree.words(path), path, strict=True)
        return " → ".join(self.pick(said) + (unsure if given.unsure else "") for said, given in words)

    def status(self, incident: Incident) -> str:
        """The colour, always with the word: "🔴 未対応"."""
        return f"{SIGNS[incident.status]} {self.say(f'consoles.status.{incident.status.value}')}"

    def people(self, places: Iterable[str]) -> str:
        """Who stands at these on-call places, as mentions or names."""
        known = self.policy.oncall
        return " ".join(_person(known[place].discord) if place in known else place for place in places)

    def rings(self, severity: SeverityPolicy) -> str:
        """Where an alert of *severity* goes and whom it pings: "#p0-alerts に @here で通知"."""
        key = "here" if severity.mention is Mention.HERE else "quiet"
        return self.say(f"consoles.triage.rings_{key}", channel=channel_name(severity.channel))

    def deadline(self, severity: SeverityPolicy, *, due_at: datetime) -> str:
        """When somebody must have acknowledged: "15 分以内に ack (11/24 14:22 JST まで)"."""
        due = self.moment(due_at)
        if isinstance(severity.ack_within, timedelta):
            return self.say("consoles.triage.ack_within", span=self.span(severity.ack_within), due=due)
        return self.say("consoles.triage.ack_next_business_day", due=due)


def channel_name(channel: str) -> str:
    """A channel of the policy as people read it: "#p0-alerts", or a link when the policy names an id."""
    return f"<#{channel}>" if _is_id(channel) else f"#{channel.removeprefix('#')}"


def role_name(role: str) -> str:
    """A role of the policy as people read it."""
    return f"<@&{role}>" if _is_id(role) else f"@{role}"


def _person(name: str) -> str:
    return f"<@{name}>" if _is_id(name) else f"@{name}"


def _is_id(text: str) -> bool:
    return text.isdigit() and len(text) >= SHORTEST_ID
