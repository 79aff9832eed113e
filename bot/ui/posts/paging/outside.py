"""The words of a page that leaves Discord: short, for a lock screen."""

from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports.paging import OutsideMessage
from bot.ui.posts.paging.waiting import had_a_responder, times_waited
from bot.ui.words.inert import plain
from bot.ui.words.links import home_url
from bot.ui.words.wording import Wording

_TITLE_LIMIT: Final = 120
_A_MINUTE: Final = timedelta(minutes=1)


class PlainOutsideWriter:
    """A `bot.services.ports.paging.OutsideWriter`, in the team's language.

    A system outside stores what it gets, so a private incident's page says its number and nothing else.
    """

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._policy = policy
        self._words = Wording(texts, policy)

    def write(
        self, delivery: Delivery, incident: Incident, *, reference: str, ack_link: str | None
    ) -> OutsideMessage:
        """Compose a page for a system outside Discord."""
        facts: dict[str, object] = {
            "incident": incident.label,
            "severity": incident.severity,
            "priority": incident.priority,
        }
        if not incident.is_private:
            facts["targets"] = list(incident.targets)
            facts["triggered_at"] = incident.triggered_at.isoformat()
        return OutsideMessage(
            key=delivery.nonce,
            reference=reference,
            title=self._title(incident),
            text=self._text(delivery, incident),
            place=home_url(incident),
            ack_link=ack_link,
            is_emergency=self._policy.rules(incident.severity).rank == 0,
            facts=facts,
        )

    def _title(self, incident: Incident) -> str:
        sign = self._words.severity_sign(incident.severity, is_drill=incident.is_drill)
        if incident.is_private:
            return self._words.say("outside.message.title_private", sign=sign, label=incident.label)
        title = plain(incident.title, limit=_TITLE_LIMIT)
        return self._words.say("outside.message.title", sign=sign, severity=incident.severity, title=title)

    def _text(self, delivery: Delivery, incident: Incident) -> str:
        if incident.is_private:
            return self._words.say("outside.message.text_private")
        names = self._words.listed(plain(one, limit=_TITLE_LIMIT) for one in incident.targets)
        targets = self._words.say("outside.message.targets", targets=names) if names else ""
        data = PagingData.from_json(delivery.data)
        waited = timedelta(seconds=data.waited_s)
        if waited >= _A_MINUTE and had_a_responder(incident, data):
            since = times_waited(self._words, incident, data)
            return self._words.say(
                "outside.message.text_again", label=incident.label, targets=targets, **since
            )
        if waited < _A_MINUTE:
            due = self._words.full(incident.ack_due_at)
            return self._words.say("outside.message.text_now", label=incident.label, due=due, targets=targets)
        return self._words.say(
            "outside.message.text", label=incident.label, waited=self._words.span(waited), targets=targets
        )
