"""`bot.services.ports.Discord` over HTTP: compose once, send with a nonce, find what an attempt left behind.

Nothing here needs the gateway, so every instance can send.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import discord

from bot.domain.alerts.alert import ChannelPage
from bot.domain.alerts.question import QuestionView
from bot.domain.delivery.delivery import Addressing, Delivery, DeliveryKind, Posted, Request
from bot.domain.delivery.kinds import Action
from bot.domain.errors import (
    UNKNOWN_CHANNEL,
    DeliveryRefused,
    UpstreamUnavailable,
)
from bot.domain.incident.incident import Incident
from bot.domain.oncall.roster import OnCallPerson, id_of
from bot.domain.people import Person
from bot.domain.privacy import LeftBehind
from bot.domain.timeline.pinned import ThreadMessage
from bot.domain.triage.session import Triage
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import TRY_AGAIN, Redacted, Redrawn, Refreshed, Subject
from bot.ui.discord_api.circuit import Circuit
from bot.ui.discord_api.client import DEADLINE_S, Rest, snowflake
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.history import posted, standing_message
from bot.ui.discord_api.hooks import answer_to, answering, home, hook, known
from bot.ui.discord_api.incoming import Incoming, Watching
from bot.ui.discord_api.places import Places, Standing
from bot.ui.discord_api.reactions import Reactions, react
from bot.ui.discord_api.reading import ThreadReader
from bot.ui.discord_api.redactor import Redactor
from bot.ui.discord_api.refresher import Refresher
from bot.ui.discord_api.rooms import Rooms
from bot.ui.discord_api.routes import route_of
from bot.ui.discord_api.siren import RestSiren
from bot.ui.discord_api.threads import archive
from bot.ui.posts.bodies import Body
from bot.ui.posts.incident.private import addressed
from bot.ui.posts.mornings import asked_of
from bot.ui.posts.questions import question_post
from bot.ui.posts.renderer import render
from bot.ui.posts.triage_posts import triage_posts
from bot.ui.words.wording import Wording

_THREAD_EXISTS = 160004


class DiscordNotifier:
    """The bot's outgoing side.

    Attributes:
        gate: Keeps Discord's limits; `Gate.share` tells it how many processes use the same token.
    """

    def __init__(  # noqa: PLR0913  # what all guilds share, and what is this guild's
        self,
        client: discord.Client,
        *,
        texts: Texts,
        policy: Policy,
        standing: Standing | None = None,
        deadline_s: float = DEADLINE_S,
        circuit: Circuit | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.gate = gate or Gate()
        self._rest = Rest(client, deadline_s=deadline_s, circuit=circuit, gate=self.gate)
        self._words = Wording(texts, policy)
        self._standing = standing
        self._places = Places(self._rest, policy, standing=standing)
        self._policy = policy
        self._refresher = Refresher(self._rest, self._words)
        self._rooms = Rooms(self._rest)
        self._redactor = Redactor(self._rest, self._words)
        self._watching = Watching(self._rest, self._places, Incoming(client, self._words))
        self._reactions = Reactions(self._rest, emoji=policy.ack_emoji)
        self._pins = Reactions(self._rest, emoji=policy.timeline.pin_emoji)
        self._reading = ThreadReader(self._rest, policy, reads_content=client.intents.message_content)

    def siren(self, last_standing: Standing) -> RestSiren:
        """The way to people while there is no database.

        Args:
            last_standing: Who stood where when it was last asked.
        """
        return RestSiren(self._rest, Places(self._rest, self._policy, standing=last_standing), self._words)

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        """Render a delivery, and find its destination.

        Raises:
            DeliveryRefused: the place does not exist or a person refuses DMs.
            UpstreamUnavailable: Discord is away.
        """
        action = delivery.kind.spec.action
        person = await self._person(delivery)
        channel_id, message_id = await self._target(action, delivery, subject, person)
        told = delivery
        if person is not None:
            told = replace(delivery, request=Request(action, channel_id, message_id, {}, person.handle))
        body = render(await self._words_now(delivery.guild_id), told, subject)
        if isinstance(subject, Incident) and subject.is_private and action is Action.MESSAGE:
            body = addressed(body, await self._places.roles(subject.guild_id))
        if delivery.kind is DeliveryKind.NOTICE and isinstance(subject, Incident):
            body = {**body, **answering(subject, channel_id)}
        body = await self._asked(delivery, body)
        answers = Addressing.from_json(delivery.data).answers if delivery.kind.spec.may_answer else None
        if answers is not None:
            body = {**body, **answer_to(answers)}
        return Request(action, channel_id, message_id, body, None if person is None else person.handle)

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        """Return the body of a delivery, without a destination."""
        return render(self._words, delivery, subject)

    async def has_private_role(self, guild_id: int) -> bool:
        """Return whether the server has a role that sees private incidents. Raises UpstreamUnavailable."""
        return bool(await self._places.roles(guild_id))

    async def person(self, guild_id: int, discord: str) -> Person:
        """Return the person with an id or a username of the policy; see `Places.known`."""
        return await self._places.known(guild_id, discord)

    async def member(self, guild_id: int, discord: str) -> Person:
        """Return the person with their roles; see `Places.member`."""
        return await self._places.member(guild_id, discord)

    def require_room(self, request: Request) -> None:
        """See that Discord's limits leave room for *request*; see `Rest.require_room`."""
        self._rest.require_room(route_of(request))

    async def send(self, request: Request, *, nonce: str) -> Posted:
        """Do it, within our own deadline. A thread or reaction that is there already counts as done.

        Raises:
            DeliveryRefused: Discord will never take it.
            UpstreamUnavailable: it may work later; whether Discord has it is unknown.
        """
        try:
            return await self._send(request, nonce=nonce)
        except DeliveryRefused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                self._places.forget()
            raise

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """A message of ours that an earlier attempt left in the channel, if any.

        Threads on a message, reactions and members are not looked for: asking again changes nothing.

        Raises:
            DeliveryRefused: the history may not be read. UpstreamUnavailable.
        """
        if request.action is Action.PRIVATE_THREAD:
            return await self._rooms.find(request, since=since)
        if request.action is not Action.MESSAGE:
            return None
        return await standing_message(self._rest, request.channel_id, request.body, since=since)

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        """Make the posts of an incident say what is true now; see `Refresher.refresh`."""
        words = await self._words_now(incident.guild_id)
        return await Refresher(self._rest, words).refresh(incident, posts)

    async def redraw(self, post: Delivery, shown: Redrawn) -> None:
        """Make a post say what is true now.

        Raises:
            UpstreamUnavailable: it may work later.
        """
        if isinstance(shown, QuestionView):
            body = question_post(self._words, shown)
        else:
            body = render(self._words, post, shown)
        await self._refresher.redraw(post, body)

    async def redact(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Take out what posts tell of an incident that has become private; see `Redactor.redact`."""
        return await self._redactor.redact(incident, posts)

    async def left_behind(self, incident: Incident, thread_id: int) -> LeftBehind | None:
        """Return what a private incident's old public thread still reveals; see `Redactor.left_behind`."""
        return await self._redactor.left_behind(incident, thread_id)

    async def delete_thread(self, thread_id: int) -> None:
        """Delete a thread with all its messages; see `Redactor.delete_thread`."""
        await self._redactor.delete_thread(thread_id)

    async def refresh_triage(self, triage: Triage, posts: Sequence[Delivery]) -> None:
        """Update the posts of a triage that has no incident, oldest first.

        Raises:
            UpstreamUnavailable: it may work later. A rate limit on one post does not hold up the others.
        """
        limits = []
        for post, body in triage_posts(self._words, triage, posts):
            try:
                await self._refresher.redraw(post, body)
            except UpstreamUnavailable as away:
                if away.room_in is None:
                    raise
                limits.append(away)
        if limits:
            raise min(limits, key=lambda limit: limit.room_in or TRY_AGAIN)

    async def archive(self, thread_id: int) -> None:
        """Put a thread to sleep; one that is gone, or that may not be archived, is passed over.

        Raises:
            UpstreamUnavailable: it may work later.
        """
        await archive(self._rest, thread_id)

    async def message(self, channel_id: int, message_id: int, *, guild_id: int) -> ThreadMessage | None:
        """One message as it is now; see `ThreadReader.message`."""
        return await self._reading.message(channel_id, message_id, guild_id=guild_id)

    async def latest_messages(self, channel_id: int, *, guild_id: int) -> list[ThreadMessage]:
        """The newest messages of a thread, oldest first; see `ThreadReader.latest`."""
        return await self._reading.latest(channel_id, guild_id=guild_id)

    def pinners(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Yield everyone with a 📌 on one of *places* (channel id, message id); see `Reactions.people`."""
        return self._pins.people(places, guild_id=guild_id)

    async def watched(self, guild_id: int, channel: str, *, before: int | None = None) -> ChannelPage:
        """Some messages of a watched channel; see `Watching.page`."""
        return await self._watching.page(guild_id, channel, before=before)

    def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Yield everyone with a 👀 on one of *places* (channel id, message id); see `Reactions.people`."""
        return self._reactions.people(places, guild_id=guild_id)

    async def _words_now(self, guild_id: int) -> Wording:
        """Return the team's wording, with the people who are on call now."""
        if self._standing is None:
            return self._words
        return replace(self._words, standing=await self._standing(guild_id))

    async def _person(self, delivery: Delivery) -> OnCallPerson | None:
        """Return the person a delivery is for: by on-call place, as of now, or by handle; else None."""
        kind, _, name = delivery.to.partition(":")
        if kind == "person":
            return await self._places.standing(delivery.guild_id, name)
        return OnCallPerson(name, name, user_id=id_of(name)) if kind == "named" else None

    async def _target(
        self, action: Action, delivery: Delivery, subject: Subject, person: OnCallPerson | None
    ) -> tuple[int, int | None]:
        """Return the channel, and the action's object there: a message, or a person to add or remove."""
        if action in (Action.MEMBER, Action.MEMBER_REMOVED):
            _, _, name = delivery.to.partition(":")
            user_id = int(name) if person is None else await self._places.person(delivery.guild_id, person)
            return known(delivery.after_message_id), user_id
        if action not in (Action.MESSAGE, Action.PRIVATE_THREAD):
            return hook(delivery)
        if person is not None:
            return await self._places.direct(delivery.guild_id, person), None
        return await self._channel(delivery, subject), None

    async def _asked(self, delivery: Delivery, body: Body) -> Body:
        """Return *body* with a mention of the person it asks; unchanged if the place or person is missing."""
        place = Addressing.from_json(delivery.data).asks
        if place is None:
            return body
        try:
            person = await self._places.standing(delivery.guild_id, place)
            return asked_of(self._words, body, await self._places.person(delivery.guild_id, person))
        except DeliveryRefused:
            return body

    async def _channel(self, delivery: Delivery, subject: Subject) -> int:
        kind, _, name = delivery.to.partition(":")
        if kind == "channel":
            return await self._places.channel(delivery.guild_id, name)
        if kind == "user":
            return await self._places.user(int(name))
        if kind == "thread":
            return int(name)
        return home(delivery, subject)

    async def _send(self, request: Request, *, nonce: str) -> Posted:
        match request.action:
            case Action.MESSAGE:
                return await self._post(request, nonce=nonce)
            case Action.THREAD:
                return await self._open_thread(request)
            case Action.REACTION:
                emoji, message_id = str(request.body["emoji"]), known(request.message_id)
                return await react(self._rest, request.channel_id, message_id, emoji=emoji)
            case Action.PRIVATE_THREAD:
                return await self._rooms.make(request)
            case Action.MEMBER:
                return await self._rooms.let_in(request)
            case Action.MEMBER_REMOVED:
                return await self._rooms.take_out(request)

    async def _post(self, request: Request, *, nonce: str) -> Posted:
        body = {**request.body, "nonce": nonce, "enforce_nonce": True}
        return posted(await self._rest.one(route_of(request), json=body))

    async def _open_thread(self, request: Request) -> Posted:
        message_id = known(request.message_id)
        try:
            thread_id = snowflake(await self._rest.one(route_of(request), json=request.body))
        except DeliveryRefused as refused:
            if refused.code != _THREAD_EXISTS:
                raise
            thread_id = message_id  # a thread has the id of the message it hangs on
        return Posted(request.channel_id, thread_id)
