"""`bot.services.ports.Siren` over HTTP: a message and an email without a delivery."""

from datetime import timedelta

from discord.http import Route

from bot.domain.delivery import Posted
from bot.domain.emergency import Watch, Word
from bot.domain.standing import OnCallPerson
from bot.services.ports import Mail
from bot.ui.buttons import reaction_of
from bot.ui.posts.emergency import emergency_mail, emergency_post
from bot.ui.rest.client import Rest, snowflake
from bot.ui.rest.places import Places
from bot.ui.rest.reactions import react
from bot.ui.words.wording import Wording


class RestSiren:
    """Tells people directly."""

    def __init__(self, rest: Rest, places: Places, words: Wording) -> None:
        self._rest = rest
        self._places = places
        self._words = words

    async def post(self, watch: Watch, word: Word, *, to: str, waited: timedelta, nonce: str) -> Posted:
        channel_id = await self._channel(watch, to)
        body = emergency_post(self._words, watch, word, waited=waited)
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        made = await self._rest.one(route, json={**body, "nonce": nonce, "enforce_nonce": True})
        return Posted(snowflake(made, "channel_id"), snowflake(made), bool(made.get("mention_everyone")))

    async def seed(self, posted: Posted) -> None:
        emoji = reaction_of(self._words.policy.ack_emoji)
        await react(self._rest, posted.channel_id, posted.message_id, emoji=emoji)

    def mail(self, watch: Watch, word: Word, *, to: OnCallPerson, nonce: str, first: str) -> Mail:
        return emergency_mail(self._words, watch, word, to=to, nonce=nonce, first=first)

    async def _channel(self, watch: Watch, to: str) -> int:
        kind, _, name = to.partition(":")
        if kind == "person":
            standing = await self._places.standing(watch.guild_id, name)
            return await self._places.direct(watch.guild_id, standing)
        if kind == "thread":
            return int(name)
        severity = self._words.policy.rules(watch.severity)
        return await self._places.channel(watch.guild_id, severity.channel)
