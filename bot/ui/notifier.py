"""`bot.services.ports.Discord` over HTTP: compose once, send with a nonce, find what an attempt left behind.

Nothing here needs the gateway, so every instance can send.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

import discord
from discord.http import Route

from bot.domain.delivery import Action, Delivery, DeliveryKind, Posted, Request
from bot.domain.digest import Digest
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident
from bot.domain.people import Person
from bot.domain.triage_session import Triage
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.buttons import reaction_of
from bot.ui.marks import marks
from bot.ui.places import Places
from bot.ui.reactions import Reactions
from bot.ui.reevaluations import answered
from bot.ui.refresher import Refresher
from bot.ui.renderer import render
from bot.ui.rest import DEADLINE_S, Rest, snowflake
from bot.ui.wording import Wording

_UNKNOWN_CHANNEL = 10003
_THREAD_EXISTS = 160004
_HISTORY = 100  # Discord: messages per page
_CLOCK_SKEW = timedelta(seconds=10)  # between the database, which timed the attempt, and Discord

_ACTIONS = {DeliveryKind.THREAD: Action.THREAD, DeliveryKind.SEED_ACK: Action.REACTION}


class DiscordNotifier:
    """The bot's outgoing side."""

    def __init__(
        self, client: discord.Client, *, texts: Texts, policy: Policy, deadline_s: float = DEADLINE_S
    ) -> None:
        self._rest = Rest(client, deadline_s=deadline_s)
        self._words = Wording(texts, policy)
        self._places = Places(self._rest, policy)
        self._refresher = Refresher(self._rest, self._words)
        self._reactions = Reactions(self._rest, emoji=reaction_of(policy.ack_emoji))

    async def compose(self, delivery: Delivery, subject: Incident | Digest | None) -> Request:
        """Render what is owed, and find out where it goes.

        Raises:
            DeliveryRefused: the place does not exist or a person refuses DMs.
            UpstreamUnavailable: Discord is away.
        """
        action = _ACTIONS.get(delivery.kind, Action.MESSAGE)
        if action is Action.MESSAGE:
            channel_id, message_id = await self._channel(delivery, subject), None
        else:
            channel_id, message_id = _known(delivery.after_channel_id), _known(delivery.after_message_id)
        return Request(action, channel_id, message_id, render(self._words, delivery, subject))

    async def send(self, request: Request, *, nonce: str) -> Posted:
        """Do it, within our own deadline. A thread or reaction that is there already counts as done.

        Raises:
            DeliveryRefused: Discord will never take it.
            UpstreamUnavailable: it may work later; whether Discord has it is unknown.
        """
        try:
            return await self._send(request, nonce=nonce)
        except DeliveryRefused as refused:
            if refused.code == _UNKNOWN_CHANNEL:
                self._places.forget()
            raise

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """A message of ours that an earlier attempt left in the channel, if any.

        Threads and reactions are not looked for: asking for one that exists gives it back.

        Raises:
            DeliveryRefused: the history may not be read. UpstreamUnavailable.
        """
        if request.action is not Action.MESSAGE:
            return None
        after = discord.utils.time_snowflake(since - _CLOCK_SKEW)
        route = Route("GET", "/channels/{channel_id}/messages", channel_id=request.channel_id)
        wanted = marks(request.body)
        for message in await self._rest.many(route, params={"after": after, "limit": _HISTORY}):
            author = message.get("author")
            is_ours = isinstance(author, dict) and snowflake(author) == self._rest.own_id
            if is_ours and marks(message) == wanted:
                return _posted(message)
        return None

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> list[int]:
        """Make the posts of an incident say what is true now; see `Refresher.refresh`."""
        return await self._refresher.refresh(incident, posts)

    async def refresh_triage(self, triage: Triage, post: Delivery) -> None:
        """Make the question of a re-evaluation say how it was answered.

        Raises:
            UpstreamUnavailable: it may work later.
        """
        await self._refresher.redraw(post, answered(self._words, post.data, triage))

    def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Everyone whose 👀 stands on one of *places* (channel id, message id); see `Reactions.people`."""
        return self._reactions.people(places, guild_id=guild_id)

    async def _channel(self, delivery: Delivery, subject: Incident | Digest | None) -> int:
        kind, _, name = delivery.to.partition(":")
        if kind == "channel":
            return await self._places.channel(delivery.guild_id, name)
        if kind == "person":
            return await self._places.direct(delivery.guild_id, name)
        return _home(delivery, subject)

    async def _send(self, request: Request, *, nonce: str) -> Posted:
        match request.action:
            case Action.MESSAGE:
                return await self._post(request, nonce=nonce)
            case Action.THREAD:
                return await self._open_thread(request)
            case Action.REACTION:
                return await self._react(request)

    async def _post(self, request: Request, *, nonce: str) -> Posted:
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=request.channel_id)
        body = {**request.body, "nonce": nonce, "enforce_nonce": True}
        return _posted(await self._rest.one(route, json=body))

    async def _open_thread(self, request: Request) -> Posted:
        message_id = _known(request.message_id)
        route = Route(
            "POST",
            "/channels/{channel_id}/messages/{message_id}/threads",
            channel_id=request.channel_id,
            message_id=message_id,
        )
        try:
            thread_id = snowflake(await self._rest.one(route, json=request.body))
        except DeliveryRefused as refused:
            if refused.code != _THREAD_EXISTS:
                raise
            thread_id = message_id  # a thread has the id of the message it hangs on
        return Posted(request.channel_id, thread_id)

    async def _react(self, request: Request) -> Posted:
        message_id = _known(request.message_id)
        await self._rest.do(
            Route(
                "PUT",
                "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me",
                channel_id=request.channel_id,
                message_id=message_id,
                emoji=str(request.body["emoji"]),
            )
        )
        return Posted(request.channel_id, message_id)


def _home(delivery: Delivery, subject: Incident | Digest | None) -> int:
    """The incident's thread; before it is on the incident, from what this delivery waited for."""
    incident = subject if isinstance(subject, Incident) else None
    if incident is not None and incident.thread_id is not None:
        return incident.thread_id
    if delivery.kind is DeliveryKind.THREAD_START:
        return _known(delivery.after_message_id)  # it waited for the thread, whose id this is
    return _known(delivery.after_channel_id or (incident.alert_channel_id if incident else None))


def _known(snowflake_id: int | None) -> int:
    if snowflake_id is None:
        raise UpstreamUnavailable("what this hangs on is not there yet")
    return snowflake_id


def _posted(message: Mapping[str, object]) -> Posted:
    return Posted(
        channel_id=snowflake(message, "channel_id"),
        message_id=snowflake(message),
        pinged=bool(message.get("mention_everyone")),
    )
