"""Wording in one person's language, for answers to them; `Wording` itself is for public posts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.paging import Way
from bot.domain.severity import LadderStep, Mention, SeverityPolicy
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
        holders: Mapping[str, OnCallPerson] | None = None,
        ways: frozenset[Way] = frozenset(Way),
    ) -> "Voice":
        """Return the voice for a Discord locale: Japanese for "ja", English for any other."""
        language = language_of(locale)
        own = policy if policy.language == language else replace(policy, language=language)
        return cls(texts, own, holders or {}, ways=ways)

    def rings(self, severity: SeverityPolicy, *, about: Incident | None = None) -> str:
        """Say where an alert of *severity* goes and whom it pings: "#p0-alerts に @here で通知".

        Args:
            about: The incident, if there is one: a private one goes to its thread, whatever its severity.
        """
        is_private = about is not None and about.is_private
        if severity.mention is Mention.HERE and is_private:
            return self.say("private.rings", roles=self._seers())
        key = "here" if severity.mention is Mention.HERE else "quiet"
        channel = self.say("private.where") if is_private else channel_name(severity.channel)
        return self.say(f"consoles.triage.rings_{key}", channel=channel)

    def next_rung(self, rung: LadderStep, *, about: Incident) -> str:
        """Say where the next escalation of *about* goes: "#p0-alerts に @here"."""
        rings = rung.mention is Mention.HERE and about.rings
        if rings and about.is_private:
            return self.say("private.next_rings", roles=self._seers())
        key = "next_here" if rings else "next_channel"
        return self.say(f"consoles.incident.{key}", channel=self.place(about))

    def place(self, incident: Incident) -> str:
        """Name the place of the incident's messages: its severity's channel, or its private thread."""
        return (
            self.say("private.where")
            if incident.is_private
            else channel_name(self.severity(incident).channel)
        )

    def _seers(self) -> str:
        """Name the roles that a private incident pings instead of ``@here``."""
        return self.listed(role_name(role) for role in self.policy.permissions.private)

    def deadline(self, severity: SeverityPolicy, *, due_at: datetime) -> str:
        """Say when the ack is due: "15 分以内に ack (11/24 14:22 JST まで)"."""
        due = self.moment(due_at)
        if isinstance(severity.ack_within, timedelta):
            return self.say("consoles.triage.ack_within", span=self.span(severity.ack_within), due=due)
        return self.say("consoles.triage.ack_next_business_day", due=due)


def channel_name(channel: str) -> str:
    """Return a channel as people read it: "#p0-alerts", or a link when the policy names an id."""
    return f"<#{channel}>" if is_id(channel) else f"#{inert(channel.removeprefix('#'), limit=120)}"


def role_name(role: str) -> str:
    """Return a role of the policy as people read it."""
    return f"<@&{role}>" if is_id(role) else f"@{inert(role, limit=120)}"


def is_id(text: str) -> bool:
    """Return whether the policy names a channel or role by its id."""
    return id_of(text) is not None
