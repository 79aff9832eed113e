"""Triages in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.delivery.delivery import ACK_PLACES, DeliveryKind, DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.people import Person
from bot.domain.triage.session import Choice, NewTriage, StoredAnswer, Triage, TriageStatus
from bot.domain.triage.unfinished import Idle, SignOfLife
from bot.services.ports.store.triages import KnownMessage
from tests.fakes.base import FakePart


class FakeTriages(FakePart):
    """The part of a transaction that is about triage."""

    async def insert_triage(
        self, new: NewTriage, *, due_at: datetime, idle_due_at: datetime | None = None
    ) -> tuple[Triage, bool]:
        known = self.state.triage_keys.get(new.key)
        if known is not None:
            return self.state.triages[known], False
        triage = Triage(
            id=next(self._sequences.triage),
            guild_id=new.guild_id,
            user_id=new.by.id,
            user_name=new.by.name,
            title=new.title,
            targets=new.targets,
            symptoms=new.symptoms,
            started_at=new.started_at,
            created_at=self._now,
            status=TriageStatus.OPEN,
            answers=(),
            channel_id=new.channel_id,
            source_message_id=new.source_message_id,
            evidence=new.evidence,
            due_at=due_at,
            idle=Idle(due_at=idle_due_at),
        )
        self.state.triages[triage.id] = triage
        self.state.triage_keys[new.key] = triage.id
        self._seen(triage.id, new.by)
        return triage, True

    async def triage_of_message(self, channel_id: int, message_id: int) -> Triage | None:
        found = [one for one in self._about(channel_id, message_id) if self._goes_on(one)]
        return found[-1] if found else None

    async def question_at(self, message_id: int) -> tuple[int, str] | None:
        for stored in self.state.deliveries.values():
            post = self.state.delivery(stored.delivery.id)
            is_sent = post.status is DeliveryStatus.SENT and post.message_id == message_id
            is_ours = self._guild_id in (None, post.guild_id)
            if is_sent and is_ours and post.kind is DeliveryKind.REEVALUATION and post.incident_id is None:
                return int(str(post.data["triage"])), post.key
        return None

    async def walks_about(self, incident_id: int) -> list[Triage]:
        going_on = (TriageStatus.OPEN, TriageStatus.REEVALUATING)
        return [
            one
            for one in self.state.triages.values()
            if one.status in going_on
            and one.source_message_id is not None
            and incident_id in {now.id for now in self._become(one.channel_id or 0, one.source_message_id)}
        ]

    def _become(self, channel_id: int, message_id: int) -> list[Incident]:
        """What a message counts on or was raised as, or what that was merged into."""
        walks = self._about(channel_id, message_id)
        begun = {one.incident_id for one in walks if one.status is TriageStatus.OPENED}
        begun.add(self.state.alert_messages.get(message_id, (0, None))[1])
        return self._merged(begun)

    def _merged(self, begun: set[int | None]) -> list[Incident]:
        own = [self.state.incidents[number] for number in begun if number is not None]
        return [self._merges(one)[-1] for one in own]

    def _shown_in(self, message_id: int) -> set[int | None]:
        """What a post of ours shows by itself."""
        posts = [self.state.delivery(number) for number in self.state.deliveries]
        return {
            post.incident_id
            for post in posts
            if post.message_id == message_id
            and post.status is DeliveryStatus.SENT
            and post.kind in ACK_PLACES
            and post.bundle_id is None
        }

    async def raised_from_message(self, channel_id: int, message_id: int) -> Incident | None:
        now = [*self._become(channel_id, message_id), *self._merged(self._shown_in(message_id))]
        found = [one for one in now if self._is_told(one)]
        return max(found, key=lambda one: one.id) if found else None

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        return KnownMessage(
            await self.is_of_drill(channel_id, message_id),
            await self.is_confided(channel_id),
            None if message_id is None else await self.raised_from_message(channel_id, message_id),
        )

    async def lock_message(self, channel_id: int, message_id: int) -> None:
        """Transactions in memory follow each other anyway."""

    def _about(self, channel_id: int, message_id: int) -> list[Triage]:
        return [
            triage
            for triage in self.state.triages.values()
            if (triage.channel_id, triage.source_message_id) == (channel_id, message_id)
            and self._guild_id in (None, triage.guild_id)
        ]

    def _goes_on(self, triage: Triage) -> bool:
        is_waiting = triage.status is TriageStatus.OPEN and not triage.is_forgotten(self._now)
        return is_waiting or triage.status is TriageStatus.REEVALUATING

    def _is_told(self, incident: Incident) -> bool:
        is_ours = incident.kind is IncidentKind.INCIDENT and self._guild_id in (None, incident.guild_id)
        is_real = not incident.is_private and not incident.is_drill
        return is_ours and incident.is_open and is_real

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        return find_triage(self.state.triages, triage_id, self._guild_id)

    async def sign_of_life(self, triage_id: int) -> SignOfLife:
        return self.state.signs_of_life[triage_id]

    def _seen(self, triage_id: int, by: Person) -> None:
        """*by* did something about it now."""
        self.state.signs_of_life[triage_id] = SignOfLife(self._now, by.id, by.name)

    async def open_triages(self, guild_id: int, *, within: timedelta) -> list[Triage]:
        return [
            triage
            for triage in self.state.triages.values()
            if triage.guild_id == guild_id
            and triage.status is TriageStatus.OPEN
            and triage.created_at > self._now - within
        ]

    async def given_answers(self, triage_id: int) -> list[StoredAnswer]:
        return list(self.state.triage_answers.get(triage_id, []))

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        self._seen(triage_id, by)
        given = StoredAnswer(question, answer, unsure, by.id, by.name, self._now)
        self._keep_answers(triage_id, [*self.state.triage_answers.get(triage_id, []), given])

    async def withdraw_answers(self, triage_id: int, *, since: str, by: Person) -> None:
        standing = [given.question for given in find_triage(self.state.triages, triage_id).answers]
        if since not in standing:
            return
        self._seen(triage_id, by)
        taken_back = standing[standing.index(since) :]
        answers = [
            replace(given, withdrawn_at=self._now, withdrawn_by_name=by.name)
            if given.withdrawn_at is None and given.question in taken_back
            else given
            for given in self.state.triage_answers[triage_id]
        ]
        self._keep_answers(triage_id, answers)

    async def given_choices(self, triage_id: int) -> list[Choice]:
        return list(self.state.triage_choices.get(triage_id, []))

    async def add_choice(self, triage_id: int, *, proposed: str | None, severity: str, by: Person) -> None:
        await self.withdraw_choice(triage_id, by=by)
        self._seen(triage_id, by)
        made = Choice(proposed, severity, by.id, by.name, self._now)
        self.state.triage_choices[triage_id].append(made)

    async def withdraw_choice(self, triage_id: int, *, by: Person) -> None:
        if any(one.withdrawn_at is None for one in self.state.triage_choices.get(triage_id, [])):
            self._seen(triage_id, by)
        self.state.triage_choices[triage_id] = [
            replace(one, withdrawn_at=self._now, withdrawn_by_name=by.name)
            if one.withdrawn_at is None
            else one
            for one in self.state.triage_choices.get(triage_id, [])
        ]

    async def save_triage(self, triage: Triage) -> None:
        known, idle = find_triage(self.state.triages, triage.id), triage.idle
        self.state.triages[triage.id] = replace(triage, answers=known.answers)
        if idle.continued_at is not None and idle.continued_at != known.idle.continued_at:
            by = (idle.continued_by_id or 0, idle.continued_by_name or "")
            self.state.signs_of_life[triage.id] = SignOfLife(idle.continued_at, *by)

    async def is_confided(self, channel_id: int) -> bool:
        kinds = (DeliveryKind.THREAD, DeliveryKind.PRIVATE_THREAD)
        made = [stored.delivery for stored in self.state.deliveries.values()]
        left = {one.incident_id for one in made if one.kind in kinds and one.message_id == channel_id}
        return any(
            one.is_private and self._guild_id in (None, one.guild_id)
            for one in self.state.incidents.values()
            if one.thread_id == channel_id or one.id in left
        )

    async def is_of_drill(self, channel_id: int, message_id: int | None) -> bool:
        made = [stored.delivery for stored in self.state.deliveries.values()]
        places = {channel_id, message_id} - {None}
        posted = {one.incident_id for one in made if one.message_id in places}
        return any(
            one.is_drill and self._guild_id in (None, one.guild_id)
            for one in self.state.incidents.values()
            if one.thread_id == channel_id or one.id in posted
        )

    async def adopt_deliveries(self, keys: Sequence[str], *, incident_id: int) -> None:
        for delivery_id, stored in self.state.deliveries.items():
            if stored.delivery.key in keys and stored.delivery.incident_id is None:
                adopted = replace(stored.delivery, incident_id=incident_id)
                self.state.deliveries[delivery_id] = replace(stored, delivery=adopted)

    def _keep_answers(self, triage_id: int, answers: list[StoredAnswer]) -> None:
        triage = find_triage(self.state.triages, triage_id)
        standing = tuple(given for given in answers if given.withdrawn_at is None)
        self.state.triage_answers[triage_id] = answers
        self.state.triages[triage_id] = replace(triage, answers=standing)


def find_triage(triages: dict[int, Triage], triage_id: int, guild_id: int | None = None) -> Triage:
    """The triage of that id, of that guild unless None.

    Raises:
        UserError: there is none.
    """
    found = triages.get(triage_id)
    if found is None or guild_id not in (None, found.guild_id):
        raise UserError("triage_not_found")
    return found
