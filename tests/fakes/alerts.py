"""Alerts of others in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts.question import Answer, Question
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.session import Triage
from tests.fakes.base import FakePart
from tests.fakes.state import State

_KEPT = timedelta(days=30)


class FakeAlerts(FakePart):
    """The part of a transaction that is about alerts of others."""

    async def lock_fingerprint(self, guild_id: int, fingerprint: str) -> None:
        """Transactions run one at a time."""

    async def alert_of_message(self, message_id: int) -> int | None:
        found = self.state.alert_messages.get(message_id)
        if found is None or self._guild_id not in (None, self.state.incidents[found[1]].guild_id):
            return None
        return found[1]

    async def same_alert(
        self, guild_id: int, fingerprint: str, *, since: datetime, lesser: Sequence[str]
    ) -> Incident | None:
        found = []
        for alert in self.state.incidents.values():
            if (alert.guild_id, alert.tracked.fingerprint) != (guild_id, fingerprint):
                continue
            chain = self._merges(alert)
            counts = chain[-1]
            seen = max(one.tracked.last_seen_at for one in chain if one.tracked.last_seen_at is not None)
            if seen >= since and counts.is_open and counts.severity not in lesser:
                found.append((seen, counts.id, counts))
        return max(found)[2] if found else None

    async def note_alert(self, incident_id: int, *, channel_id: int, message_id: int, sender: str) -> None:
        self.state.alert_messages.setdefault(message_id, (channel_id, incident_id))
        self.state.alert_senders.setdefault(message_id, sender)

    async def firing_alerts(
        self, guild_id: int, fingerprint: str, *, before: int, channel_id: int, sender: str
    ) -> list[tuple[Incident, bool]]:
        known = self.state.incidents.values()
        same = [one for one in known if (one.guild_id, one.tracked.fingerprint) == (guild_id, fingerprint)]
        ends = {self._merges(one)[-1].id: self._merges(one)[-1] for one in same}
        shared, place = {other.merged_into_id for other in known}, (channel_id, sender)
        found = []
        for one in sorted(ends.values(), key=lambda one: one.id):
            fired = self._fired(one)
            since = [by for message, by in fired.items() if message > before]
            if one.is_open and not {place, (channel_id, None)} & set(since):
                others = {message: by for message, by in fired.items() if by != place}
                over = all(self._is_over(one.id, message, by) for message, by in others.items())
                found.append((one, over and one.id not in shared))
        return found

    def _fired(self, alert: Incident) -> dict[int, tuple[int, str | None]]:
        """In which channel, and by whom, each message was posted that was counted on *alert*."""
        first = None if alert.tracked.source is None else alert.tracked.source.message_id
        reporter = f"{alert.reported_by.id}:{alert.reported_by.name}"
        return {
            message: (channel, self.state.alert_senders[message] or (reporter if message == first else None))
            for message, (channel, on) in self.state.alert_messages.items()
            if on == alert.id
        }

    def _is_over(self, incident_id: int, message_id: int, place: tuple[int, str | None]) -> bool:
        """Whether whoever posted that message has recovered since."""
        return any(
            on == incident_id and message > message_id and (channel, sender) == place
            for (on, message), (_, channel, sender) in self.state.recoveries.items()
        )

    async def note_recovery(self, incident_id: int, *, message_id: int, channel_id: int, sender: str) -> bool:
        is_known = (incident_id, message_id) in self.state.recoveries
        self.state.recoveries = {
            (on, message): said
            for (on, message), said in self.state.recoveries.items()
            if said[0] >= self._now - _KEPT or self.state.incidents[on].is_open
        }
        said = (self._now, channel_id, sender)
        self.state.recoveries.setdefault((incident_id, message_id), said)
        return not is_known

    async def has_recovered(self, incident_id: int) -> bool:
        counted = (message for message, (_, on) in self.state.alert_messages.items() if on == incident_id)
        newest = max(counted, default=0)
        return any(on == incident_id and message > newest for on, message in self.state.recoveries)

    async def ask_about_alert(self, question: Question, *, since: datetime, most: int) -> bool:
        asked = self.state.questions = {
            number: (known, at)
            for number, (known, at) in self.state.questions.items()
            if at >= self._now - _KEPT or known.answer is Answer.IGNORED or number == question.message_id
        }
        about = (question.guild_id, question.fingerprint)
        if question.message_id in asked or any(
            (known.guild_id, known.fingerprint) == about and at >= since for known, at in asked.values()
        ):
            return False
        sender = (question.guild_id, question.channel_id, question.sender, None)
        waiting = [
            known
            for known, at in asked.values()
            if at >= since and (known.guild_id, known.channel_id, known.sender, known.answer) == sender
        ]
        if len(waiting) >= most:
            return False
        asked[question.message_id] = (question, self._now)
        return True

    async def alert_question(self, message_id: int, *, guild_id: int) -> Question | None:
        found = self.state.questions.get(message_id)
        return None if found is None or found[0].guild_id != guild_id else found[0]

    async def answer_alert_question(self, message_id: int, answer: Answer | None, *, by: Person) -> None:
        known, at = self.state.questions[message_id]
        self.state.questions[message_id] = (replace(known, answer=answer, answered_by_name=by.name), at)

    async def ignore_sender(self, guild_id: int, channel_id: int, sender: str, *, by: Person) -> bool:
        known = (guild_id, channel_id, sender) in self.state.ignored
        self.state.ignored.add((guild_id, channel_id, sender))
        return not known

    async def heed_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        known = (guild_id, channel_id, sender) in self.state.ignored
        self.state.ignored.discard((guild_id, channel_id, sender))
        return known

    async def is_ignored_sender(self, guild_id: int, channel_id: int, sender: str) -> bool:
        return (guild_id, channel_id, sender) in self.state.ignored

    async def set_triaged(
        self, incident_id: int, triage: Triage, *, path: tuple[tuple[str, str], ...]
    ) -> Incident:
        known = self._incident(incident_id)
        changed = replace(
            known,
            title=triage.title,
            path=path,
            targets=triage.targets or known.targets,
            symptoms=triage.symptoms or known.symptoms,
            started_at=min(triage.started_at, known.triggered_at),
            version=known.version + 1,
        )
        self.state.incidents[incident_id] = changed
        return changed


class FakeAlertReads:
    """The part of the store that is about alerts of others."""

    _state: State

    async def alert_messages(self, incident_id: int) -> list[tuple[int, int]]:
        self._check()
        own = sorted(
            (message_id, channel_id)
            for message_id, (channel_id, counted_on) in self._state.alert_messages.items()
            if counted_on == incident_id
        )
        return [(channel_id, message_id) for message_id, channel_id in dict.fromkeys([*own[:1], *own[-3:]])]

    async def alert_cursor(self, guild_id: int, channel_id: int) -> int | None:
        self._check()
        return self._state.alert_cursors.get((guild_id, channel_id))

    async def move_alert_cursor(self, guild_id: int, channel_id: int, message_id: int) -> None:
        self._check()
        known = self._state.alert_cursors.get((guild_id, channel_id), 0)
        self._state.alert_cursors[guild_id, channel_id] = max(known, message_id)

    def _check(self) -> None:
        raise NotImplementedError
