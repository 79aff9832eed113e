"""`/digest`, and the buttons under a digest: is a noisy alert still needed?"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, cast

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import UserError
from bot.domain.statistics.period import IsoWeek
from bot.domain.text import half_width
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.components import buttons_view, made_of
from bot.ui.discord_api.places import may_view, read_command_ids
from bot.ui.interaction import (
    Interaction,
    person_from,
    person_of,
    reply,
    reply_with_files,
    services_of,
    soon,
    voice_of,
    wait,
)
from bot.ui.pictures import as_files
from bot.ui.posts.bodies import Body
from bot.ui.words.wording import Wording, place_url
from cogs.digest.posts import (
    ASK,
    DROP,
    KEEP,
    MORE,
    MUTE,
    WITHDRAW,
    digest,
    digest_details,
    more_button,
    verdict_buttons,
    verdict_question,
)
from cogs.digest.rules import DigestSchedule, Verdict, week_numbered
from cogs.digest.use_cases import Digests, PostedByHand

Week = app_commands.Range[str, 1, 16]

#: How many weeks are offered, the last one first.
_OFFERED: Final = 12
_IDS_WITHIN_S: Final = 2.0

digest_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="digest",
        description=locale_str("The weekly digest", key="commands.digest"),
    )
)


@digest_group.command(
    name="preview",
    description=locale_str("Show a draft of the digest to you alone", key="commands.digest_preview"),
)
async def preview(interaction: Interaction) -> None:
    """Show the last week in the team's language, as it would be posted."""
    await wait(interaction)
    last = await services_of(interaction).of(Digests).last_week()
    await _show(interaction, last, last=last)


async def offer_weeks(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the last weeks with their dates."""
    last = await services_of(interaction).of(Digests).last_week()
    wanted, offered = half_width(typed).strip().upper(), []
    for week in (last.back(ago) for ago in range(_OFFERED)):
        label = f"{week} ({week.monday:%m/%d} – {week.monday + timedelta(days=6):%m/%d})"
        if wanted in label:
            offered.append(Choice(name=label, value=str(week)))
    return offered


@digest_group.command(
    name="week",
    description=locale_str("Show the digest of any week to you alone", key="commands.digest_of_week"),
)
@described(week=locale_str("ISO week such as 2026-W47", key="commands.digest_week"))
@app_commands.autocomplete(week=offer_weeks)
async def of_week(interaction: Interaction, week: Week) -> None:
    """Show any week, counted as it is now."""
    await wait(interaction)
    last = await services_of(interaction).of(Digests).last_week()
    try:
        chosen = IsoWeek.parse(week)
    except ValueError:
        raise UserError("week_unreadable", value=week) from None
    if chosen > last:
        raise UserError("week_not_over", value=chosen, last=last)
    await _show(interaction, chosen, last=last)


@digest_group.command(
    name="now",
    description=locale_str("Post the digest of last week now", key="commands.digest_now"),
)
async def now(interaction: Interaction) -> None:
    """Post the last week's digest by hand; each week is posted once, so Monday's job does not repeat it."""
    await wait(interaction)
    digests, by = services_of(interaction).of(Digests), await person_of(interaction)
    outcome = await digests.post_by_hand(by=by)
    if outcome.due_at is not None:
        voice = voice_of(interaction)
        due = voice.moment(outcome.due_at)
        await reply(interaction, voice.say("consoles.digest.queued", week=outcome.week, at=due))
        return
    look = partial(digests.seen_again, outcome)
    outcome = await soon(look, done=lambda one: _url(one) is not None) or outcome
    key = "posted" if outcome.is_new else "posted_before"
    channel = f"#{services_of(interaction).policy.of(DigestSchedule).channel}"
    where = _url(outcome) or channel
    await reply(
        interaction, voice_of(interaction).say(f"consoles.digest.{key}", week=outcome.week, where=where)
    )


@control(template(MORE))
async def press_more(interaction: Interaction, pressed: Pressed) -> None:
    """[くわしく]: show what the digest leaves out to the person who presses."""
    await wait(interaction)
    try:
        week = week_numbered(pressed.number)
    except ValueError:
        raise UserError("week_unreadable", value=pressed.number) from None
    digests = services_of(interaction).of(Digests)
    figures = await digests.figures(week)  # whoever reads the post may read the rest of it
    pictures = await digests.more_pictures(figures)
    names = [one.filename for one in pictures]
    embeds = _made(digest_details(await _words(interaction), figures, pictures=names))
    said = voice_of(interaction).say("consoles.digest.details", week=week)
    await reply_with_files(interaction, said, embeds=embeds, files=partial(as_files, pictures))


@control(template(ASK))
async def press_ask(interaction: Interaction, pressed: Pressed) -> None:
    """[① まだ必要？]: show the answers and what each does, or what was decided."""
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    alert, given = await services_of(interaction).of(Digests).verdicts.look(pressed.number, by=by)
    buttons = buttons_view(*map(made_of, verdict_buttons(voice, alert, given)))
    await reply(interaction, verdict_question(voice, alert, given), view=buttons)


@control(template(KEEP))
async def press_keep(interaction: Interaction, pressed: Pressed) -> None:
    """[残す]: keep the alert, and ask no more about it for four weeks."""
    await _give(interaction, pressed, Verdict.KEEP)


@control(template(MUTE))
async def press_mute(interaction: Interaction, pressed: Pressed) -> None:
    """[1 週間ミュート]: pass the alert over for a week, and say so to the team."""
    await _give(interaction, pressed, Verdict.MUTE)


@control(template(DROP))
async def press_drop(interaction: Interaction, pressed: Pressed) -> None:
    """[ルールをやめる]: tell the team that the alert's rule should be removed."""
    await _give(interaction, pressed, Verdict.DROP)


@control(template(WITHDRAW))
async def press_withdraw(interaction: Interaction, pressed: Pressed) -> None:
    """[元に戻す]: withdraw the verdict."""
    await wait(interaction)
    by = await person_of(interaction)
    taken = await services_of(interaction).of(Digests).verdicts.withdraw(pressed.number, by=by)
    key = "none" if taken is None else "withdrawn"
    await reply(interaction, voice_of(interaction).say(f"digest.said.{key}"))


async def _give(interaction: Interaction, pressed: Pressed, verdict: Verdict) -> None:
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    given = await services_of(interaction).of(Digests).verdicts.give(pressed.number, verdict, by=by)
    await reply(interaction, voice.say(f"digest.said.{verdict}", until=voice.moment(given.holds_until)))


async def _show(interaction: Interaction, week: IsoWeek, *, last: IsoWeek) -> None:
    services = services_of(interaction)
    digests = services.of(Digests)
    figures = await digests.shown(week, by=person_from(interaction.user))
    pictures = await digests.pictures(figures)
    names = [one.filename for one in pictures]
    body = digest(await _words(interaction), figures, pictures=names, is_last=week == last)
    introduction = voice_of(interaction).say("consoles.digest.preview", week=week)
    files = partial(as_files, pictures)
    more = None if figures.is_quiet else buttons_view(made_of(more_button(voice_of(interaction), week)))
    said, embeds = f"{introduction}\n\n{body['content']}", _made(cast("list[Body]", body["embeds"]))
    await reply_with_files(interaction, said, embeds=embeds, files=files, view=more)


async def _words(interaction: Interaction) -> Wording:
    """Return the team's words, with links to the channels that the person may see and to the commands."""
    services = services_of(interaction)
    channels = interaction.guild.text_channels if interaction.guild else []
    urls = {one.name: place_url(services.guild_id, one.id) for one in channels if may_view(one)}
    commands = await _command_ids(interaction)
    return Wording(interaction.client.texts, services.policy, channel_urls=urls, command_ids=commands)


def _made(embeds: Sequence[Body]) -> list[discord.Embed]:
    return [discord.Embed.from_dict(one) for one in embeds]


async def _command_ids(interaction: Interaction) -> Mapping[str, int]:
    """Return the ids of the commands that the lines lead to; empty if Discord does not say so in time."""
    client, guild_id = interaction.client, services_of(interaction).guild_id
    try:
        async with asyncio.timeout(_IDS_WITHIN_S):
            return await read_command_ids(client.http.request, interaction.application_id, guild_id)
    except (TimeoutError, discord.HTTPException, aiohttp.ClientError, OSError):
        return {}


def _url(outcome: PostedByHand) -> str | None:
    post = outcome.post
    if post is None or post.channel_id is None:
        return None
    return place_url(post.guild_id, post.channel_id, post.message_id)
