"""`bot.services.ports.Discord` over HTTP: compose once, send with a nonce, find what an attempt left behind.

Nothing here needs the gateway, so every instance can send. Messages by a webhook, and alerts while the
database is away, go out in their own ways.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

import discord
import structlog

from bot.domain.alerts.questions import QuestionView
from bot.domain.delivery.delivery import Addressing, Attachment, Delivery, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.dlq import REPLAYED_AS
from bot.domain.errors import (
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    DeletedSince,
    DeliveryRefused,
    UpstreamUnavailable,
)
from bot.domain.incident.incident import Incident
from bot.domain.installation import nonce_of
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.domain.paging import Way
from bot.domain.triage.session import Triage
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import TRY_AGAIN, Email, Redrawn, Refreshed, Subject, Webhooks
from bot.ui.buttons import reaction_of
from bot.ui.discord_api.circuit import Circuit
from bot.ui.discord_api.client import DEADLINE_S, Rest, messages_route, route_of, snowflake
from bot.ui.discord_api.edits import Redactor, Refresher, redraw
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.messages import (
    Incoming,
    ThreadReader,
    WatchedChannels,
    by_webhook,
    marks,
    posted,
    standing_message,
)
from bot.ui.discord_api.places import CommandIds, FindHolders, Places
from bot.ui.discord_api.reactions import Reactions, react
from bot.ui.discord_api.roles import MemberRoles
from bot.ui.discord_api.server_events import ServerEvents
from bot.ui.discord_api.threads import (
    PrivateThreads,
    answer_to,
    answering,
    archive,
    home_channel,
    parent_message,
    replace_files,
    require_id,
)
from bot.ui.posts.alerts import question_post
from bot.ui.posts.bodies import Body, asked_of
from bot.ui.posts.incident.private import addressed
from bot.ui.posts.mails import emergency_mail, emergency_post
from bot.ui.posts.renderer import render
from bot.ui.posts.triage import triage_posts
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_THREAD_EXISTS = 160004


class DiscordNotifier:
    """The bot's outgoing side; the port says what each method does and raises.

    Attributes:
        gate: Keeps Discord's limits; `Gate.share` tells it how many processes use the same token.
    """

    def __init__(  # noqa: PLR0913  # what all guilds share, and what is this guild's
        self,
        client: discord.Client,
        *,
        texts: Texts,
        policy: Policy,
        holders: FindHolders | None = None,
        deadline_s: float = DEADLINE_S,
        circuit: Circuit | None = None,
        gate: Gate | None = None,
        webhooks: Webhooks | None = None,
        ways: frozenset[Way] = frozenset(Way),
    ) -> None:
        self.gate = gate or Gate()
        self._rest = Rest(client, deadline_s=deadline_s, circuit=circuit, gate=self.gate)
        self._words = Wording(texts, policy, ways=ways)
        self._find_holders = holders
        self._places = Places(self._rest, policy, holders=holders)
        self._commands = CommandIds(self._rest, lambda: client.application_id)
        self._policy = policy
        self._private_threads = PrivateThreads(self._rest)
        self._webhooks = WebhookPosts(self._rest, webhooks)
        # What a part does just as the port has it is the notifier's own.
        self.person, self.member = self._places.known, self._places.member
        acks = Reactions(self._rest, emoji=policy.ack_emoji)
        self.acknowledgers, self.acknowledging_users = acks.people, acks.users
        self.pinners = Reactions(self._rest, emoji=policy.timeline.pin_emoji).people
        self.watched = WatchedChannels(self._rest, self._places, Incoming(client, self._words)).page
        roles = MemberRoles(self._rest)
        self.server_roles, self.role_members = roles.of_server, roles.members
        self.give_role, self.take_role = roles.give, roles.take
        events = ServerEvents(self._rest)
        self.server_events, self.create_event = events.own, events.create
        self.change_event, self.end_event = events.change, events.end
        redactor = Redactor(self._rest, self._words)
        self.redact, self.unname = redactor.redact, redactor.unname
        self.left_behind, self.delete_thread = redactor.left_behind, redactor.delete_thread
        reader = ThreadReader(self._rest, policy, reads_content=client.intents.message_content)
        self.message, self.latest_messages = reader.message, reader.latest

    def offline_alerter(self, cached_holders: FindHolders) -> "RestOfflineAlerter":
        """Return what alerts people while the database is away.

        Args:
            cached_holders: Returns the people on call as last read, for use while the database is away.
        """
        return RestOfflineAlerter(
            self._rest, Places(self._rest, self._policy, holders=cached_holders), self._words
        )

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        action = delivery.kind.spec.action
        if action is Action.WEBHOOK:
            return await self._webhooks.request(delivery, render(self._words, delivery, subject))
        person = await self._person(delivery)
        channel_id, message_id = await self._target(action, delivery, subject, person)
        words, told, user_id = await self._words_now(delivery.guild_id), delivery, None
        if person is not None:
            told = replace(delivery, request=Request(action, channel_id, message_id, {}, person.handle))
            user_id = await self._places.person(delivery.guild_id, person)
            words = replace(words, user_ids={person.handle: user_id})
        if delivery.kind.spec.links_places:
            urls = await self._places.channel_urls(delivery.guild_id)
            commands = await self._commands.of(delivery.guild_id)
            words = replace(words, channel_urls=urls, command_ids=commands)
        body = render(words, told, subject)
        if isinstance(subject, Incident) and action is Action.MESSAGE:
            body = addressed(body, await self._rung_roles(delivery, subject))
        if delivery.kind is DeliveryKind.NOTICE and isinstance(subject, Incident):
            body = {**body, **answering(subject, channel_id)}
        body = await self._asked(delivery, body)
        answers = Addressing.from_json(delivery.data).answers if delivery.kind.spec.may_answer else None
        if answers is not None:
            body = {**body, **answer_to(answers)}
        handle = None if person is None else person.handle
        return Request(action, channel_id, message_id, body, handle, user_id)

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        return render(self._words, delivery, subject)

    async def has_private_role(self, guild_id: int) -> bool:
        return bool(await self._places.private_roles(guild_id))

    def require_capacity(self, request: Request) -> None:
        if request.action is Action.WEBHOOK:
            self._webhooks.require_capacity(request)
        else:
            self._rest.require_capacity(route_of(request))

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        try:
            return await self._send(request, nonce=nonce, files=files)
        except DeliveryRefused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                self._places.forget()
            raise

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        if request.action is Action.PRIVATE_THREAD:
            return await self._private_threads.find(request, since=since)
        if request.action is Action.WEBHOOK:
            return await self._webhooks.find(request, since=since)
        if request.action is not Action.MESSAGE:
            return None  # asking again for a thread on a message, a reaction or a member changes nothing
        return await standing_message(self._rest, request.channel_id, request.body, since=since)

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        words = await self._words_now(incident.guild_id)
        return await Refresher(self._rest, words, self._places).refresh(incident, posts)

    async def redraw(self, post: Delivery, shown: Redrawn) -> None:
        match shown:
            case QuestionView():
                body = question_post(self._words, shown)
            case _:
                body = render(self._words, post, shown)
        await redraw(self._rest, post, body)

    async def replace_files(self, post: Delivery, subject: Incident, files: Sequence[Attachment]) -> None:
        await replace_files(self._rest, render(self._words, post, subject), post, files)

    async def refresh_triage(self, triage: Triage, posts: Sequence[Delivery]) -> None:
        limits = []  # a limit on one post does not hold up the others
        for post, body in triage_posts(self._words, triage, posts):
            try:
                await redraw(self._rest, post, body)
            except UpstreamUnavailable as away:
                if away.capacity_in is None:
                    raise
                limits.append(away)
        if limits:
            raise min(limits, key=lambda limit: limit.capacity_in or TRY_AGAIN)

    async def archive(self, thread_id: int) -> None:
        await archive(self._rest, thread_id)

    async def _words_now(self, guild_id: int) -> Wording:
        """Return the team's wording, with the people who are on call now."""
        if self._find_holders is None:
            return self._words
        return replace(self._words, holders=await self._find_holders(guild_id))

    async def _rung_roles(self, delivery: Delivery, incident: Incident) -> list[int]:
        """Return the roles that a post rings; a capability's own may ring others than the incident's team."""
        if incident.is_private or isinstance(delivery.kind, DeliveryKind):
            return await self._places.rung_roles(incident)
        return await self._places.team_roles(
            delivery.guild_id, Addressing.from_json(delivery.data).rings_team
        )

    async def _person(self, delivery: Delivery) -> OnCallPerson | None:
        """Return the person a delivery is for: by on-call place, as of now, or by handle; else None."""
        kind, _, name = delivery.to.partition(":")
        if kind == "person":
            return await self._places.holder(delivery.guild_id, name)
        return OnCallPerson(name, name, user_id=id_of(name)) if kind == "named" else None

    async def _target(
        self, action: Action, delivery: Delivery, subject: Subject, person: OnCallPerson | None
    ) -> tuple[int, int | None]:
        """Return the channel, and the action's object there: a message, or a person to add or remove."""
        if action in (Action.MEMBER, Action.MEMBER_REMOVED):
            _, _, name = delivery.to.partition(":")
            user_id = int(name) if person is None else await self._places.person(delivery.guild_id, person)
            return require_id(delivery.after_message_id), user_id
        if action not in (Action.MESSAGE, Action.PRIVATE_THREAD):
            return parent_message(delivery)
        if person is not None:
            return await self._places.direct(delivery.guild_id, person), None
        return await self._channel(delivery, subject), None

    async def _asked(self, delivery: Delivery, body: Body) -> Body:
        """Return *body* with a mention of the person it asks; unchanged if the place or person is missing."""
        place = Addressing.from_json(delivery.data).asks
        if place is None:
            return body
        try:
            person = await self._places.holder(delivery.guild_id, place)
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
        return home_channel(delivery, subject)

    async def _send(  # noqa: PLR0911  # a line per action
        self, request: Request, *, nonce: str, files: Sequence[Attachment]
    ) -> Posted:
        match request.action:
            case Action.MESSAGE:
                return await self._post(request, nonce=nonce, files=files)
            case Action.WEBHOOK:
                return await self._webhooks.send(request)
            case Action.THREAD:
                return await self._open_thread(request)
            case Action.REACTION:
                emoji, message_id = str(request.body["emoji"]), require_id(request.message_id)
                return await react(self._rest, request.channel_id, message_id, emoji=emoji)
            case Action.PRIVATE_THREAD:
                return await self._private_threads.make(request)
            case Action.MEMBER:
                return await self._private_threads.let_in(request)
            case Action.MEMBER_REMOVED:
                return await self._private_threads.take_out(request)
            case Action.OUTSIDE:
                raise TypeError("it does not go to Discord: a bug")

    async def _post(self, request: Request, *, nonce: str, files: Sequence[Attachment]) -> Posted:
        body = {**request.body, "nonce": nonce, "enforce_nonce": True}
        try:
            return posted(await self._rest.one(route_of(request), json=body, files=files))
        except DeliveryRefused as refused:
            if refused.code != UNKNOWN_MESSAGE:
                raise
            raise DeletedSince(refused.reason, channel_id=request.channel_id) from None

    async def _open_thread(self, request: Request) -> Posted:
        message_id = require_id(request.message_id)
        try:
            thread_id = snowflake(await self._rest.one(route_of(request), json=request.body))
        except DeliveryRefused as refused:
            if refused.code != _THREAD_EXISTS:
                raise
            thread_id = message_id  # a thread has the id of the message it hangs on
        return Posted(request.channel_id, thread_id)


_ELSEWHERE = "the webhook posts in another server"


class WebhookPosts:
    """Sends `Action.WEBHOOK`; `Request.message_id` is the webhook's id."""

    def __init__(self, rest: Rest, webhooks: Webhooks | None) -> None:
        self._rest = rest
        self._webhooks = webhooks

    async def request(self, delivery: Delivery, body: Body) -> Request:
        """Return the request for *delivery*, to where its webhook posts.

        Raises:
            DeliveryRefused: there is no webhook for its channel, Discord does not know it any more, or it
                posts in another server. UpstreamUnavailable.
        """
        channel = delivery.to.removeprefix("webhook:")
        webhook_id = self._known.ids.get(channel)
        if webhook_id is None:
            raise DeliveryRefused(f"no webhook for #{channel}", http_status=HTTPStatus.NOT_FOUND)
        place = await self._known.place(webhook_id)
        if place.guild_id != delivery.guild_id:
            raise DeliveryRefused(_ELSEWHERE, http_status=HTTPStatus.FORBIDDEN)
        shown = {key: value for key, value in body.items() if key != "components"}
        return Request(Action.WEBHOOK, place.channel_id, webhook_id, shown)

    def require_capacity(self, request: Request) -> None:
        """Raise Crowded unless the webhook's limit has capacity."""
        self._known.require_capacity(require_id(request.message_id))

    async def send(self, request: Request) -> Posted:
        """Send the message; raises as `Webhooks.post`."""
        return await self._known.post(require_id(request.message_id), request.body)

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """Return the webhook's message that an earlier attempt left in the channel, or None.

        Raises:
            DeliveryRefused: the history may not be read. UpstreamUnavailable.
        """
        webhook_id, wanted = require_id(request.message_id), marks(request.body)
        async for message in by_webhook(self._rest, request.channel_id, webhook_id, since=since):
            author = message.get("author")
            if not isinstance(author, dict) or author.get("username") != REPLAYED_AS:
                continue
            # The webhook itself may read what it has posted, whatever the bot's intents are.
            full = await self._known.message(webhook_id, snowflake(message))
            if full is not None and marks(full) == wanted:
                return posted(full)
        return None

    @property
    def _known(self) -> Webhooks:
        if self._webhooks is None:
            raise DeliveryRefused("no webhook is set", http_status=HTTPStatus.NOT_FOUND)
        return self._webhooks


_LOOK_WITHIN_S: Final = 1.5


class RestOfflineAlerter:
    """Posts escalations by REST, without the database; an `OfflineAlerter`."""

    def __init__(self, rest: Rest, places: Places, words: Wording) -> None:
        self._rest = rest
        self._places = places
        self._words = words

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        channel_id = await self._channel(watch, message.to)
        body = emergency_post(self._words.about(watch), watch, message)
        before = message.attempt
        if before and (there := await self._find(channel_id, json.loads(before.body), since=before.at)):
            return there
        since = message.sought_since
        if since is not None and (there := await self._find(channel_id, body, since=since)):
            return there
        try:
            return await self._send(channel_id, body, nonce=nonce)
        except DeliveryRefused as refused:
            if refused.code != UNKNOWN_MESSAGE:
                raise
        # It was deleted after it pinged people: post it again quietly, since a 👀 needs a place. Every
        # process does so under the same new nonce.
        quiet = emergency_post(self._words.about(watch), watch, replace(message, rings=False))
        log.info("emergency.deleted_since", watch=watch.key, word=message.kind)
        there = await self._send(channel_id, quiet, nonce=nonce_of(nonce, "again"))
        return replace(there, pinged=message.rings)

    async def _send(self, channel_id: int, body: Body, *, nonce: str) -> Posted:
        route = messages_route("POST", channel_id)
        return posted(await self._rest.one(route, json={**body, "nonce": nonce, "enforce_nonce": True}))

    async def _find(self, channel_id: int, body: Body, *, since: datetime) -> Posted | None:
        """Return the copy that was posted earlier, if any: Discord remembers a nonce for minutes only."""
        try:
            async with asyncio.timeout(_LOOK_WITHIN_S):
                return await standing_message(self._rest, channel_id, body, since=since)
        except (DeliveryRefused, UpstreamUnavailable, TimeoutError):
            return None  # better twice than never

    async def seed(self, alert: Posted) -> None:
        emoji = reaction_of(self._words.policy.ack_emoji)
        await react(self._rest, alert.channel_id, alert.message_id, emoji=emoji)

    def mail(self, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str) -> Email:
        return emergency_mail(self._words.about(watch), watch, kind, to=to, nonce=nonce, first=first)

    async def _channel(self, watch: Watch, to: str) -> int:
        kind, _, name = to.partition(":")
        if kind == "person":
            holder = await self._places.holder(watch.guild_id, name)
            return await self._places.direct(watch.guild_id, holder)
        if kind == "thread":
            return int(name)
        return await self._places.channel(watch.guild_id, name or self._words.policy.rules_of(watch).channel)
