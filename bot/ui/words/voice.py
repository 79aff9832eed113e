"""One person's language. What the bot posts for all has `Wording`; this says the same to whoever asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.severity import Mention, SeverityPolicy
from bot.domain.standing import OnCallPerson, id_of
from bot.domain.triage import Text
from bot.i18n import Texts, language_of
from bot.runbook.model import Policy
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


@dataclass(frozen=True, slots=True)
class Voice(Wording):
    """A `Wording` in the language of one person; make it with `of`."""

    @classmethod
    def of(
        cls,
        texts: Texts,
        policy: Policy,
        *,
        locale: str,
        standing: Mapping[str, OnCallPerson] | None = None,
    ) -> "Voice":
        """The voice for a Discord locale: Japanese for "ja", English for any other."""
        return cls(texts, replace(policy, language=language_of(locale)), standing or {})

    def raw(self, text: Text) -> str:
        """The policy's own words for places without markup: a button, an option."""
        return text.say(self.policy.language)

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
    return f"<#{channel}>" if is_id(channel) else f"#{inert(channel.removeprefix('#'), limit=120)}"


def role_name(role: str) -> str:
    """A role of the policy as people read it."""
    return f"<@&{role}>" if is_id(role) else f"@{inert(role, limit=120)}"


def is_id(text: str) -> bool:
    """Whether a channel or role of the policy is named by its id."""
    return id_of(text) is not None
