"""`/oncall calendar`: a private address of one's own shifts, or of a place's."""

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import named_choices
from bot.ui.interaction import (
    Interaction,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from cogs.feeds.screens import OWN, RENEW, REVOKE, feed_screen, revoked_screen
from cogs.feeds.use_cases import CalendarFeeds

Place = app_commands.Range[str, 1, 24]


async def offer_places(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's places, in the order of asking."""
    return named_choices(services_of(interaction).policy.oncall, typed)


@app_commands.command(
    name="calendar",
    description=locale_str(
        "A private address of your shifts for Google, Apple and Outlook", key="commands.oncall_calendar"
    ),
)
@described(
    place=locale_str("All shifts of this place; your own if left out", key="commands.oncall_calendar_place")
)
@app_commands.autocomplete(place=offer_places)
async def calendar(interaction: Interaction, place: Place = "") -> None:
    """Give the address of a feed to the person who asks alone, once; later show that there is one."""
    await wait(interaction)
    view = await _own(interaction).open(place, by=person_from(interaction.user))
    await reply(interaction, view=feed_screen(voice_of(interaction), view))


@control(RENEW)
async def press_renew(interaction: Interaction, pressed: Pressed) -> None:
    """[新しいアドレス]: make another address; the one before ends."""
    await keep(interaction)
    view = await _own(interaction).renew(_place(pressed), by=await person_of(interaction))
    await redraw(interaction, feed_screen(voice_of(interaction), view))


@control(REVOKE)
async def press_revoke(interaction: Interaction, pressed: Pressed) -> None:
    """[取り消す]: end the address."""
    await keep(interaction)
    found = await _own(interaction).revoke(_place(pressed), by=await person_of(interaction))
    await redraw(interaction, revoked_screen(voice_of(interaction), found=found))


def _own(interaction: Interaction) -> CalendarFeeds:
    return services_of(interaction).of(CalendarFeeds)


def _place(pressed: Pressed) -> str:
    """Return the place of a button; empty for one's own shifts."""
    place = pressed.fields["place"]
    return "" if place == OWN else place
