"""The address of a feed, how to use it, and its buttons."""

from typing import Final

from discord import ButtonStyle

from bot.ui.components import Screen, button, row, text
from bot.ui.words.wording import Voice
from cogs.feeds.use_cases import FeedView

#: In a custom id, for one's own shifts: it may not end with a colon.
OWN: Final = "-"

RENEW: Final = r"cal:v1:new:(?P<place>-|[a-z0-9_]{1,24})"
REVOKE: Final = r"cal:v1:revoke:(?P<place>-|[a-z0-9_]{1,24})"


def feed_screen(voice: Voice, view: FeedView) -> Screen:
    """Show a new address with what to do in each program; or that there is one, which is not shown again."""
    place = view.feed.place
    title = voice.say("feeds.title.of_place" if place else "feeds.title.own", place=place)
    if view.url is None:
        parts = [text(title, voice.say("feeds.kept", at=voice.full(view.feed.made_at)))]
    else:
        webcal = f"webcal://{view.url.partition('://')[2]}"
        scheme = view.url.partition("://")[0]
        steps = [
            voice.say(f"feeds.step.{program}", scheme=scheme) for program in ("google", "apple", "outlook")
        ]
        parts = [
            text(title, f"```\n{view.url}\n```", f"```\n{webcal}\n```"),
            text(*steps),
            text(voice.say("feeds.secret")),
        ]
    buttons = [
        button(voice.say("feeds.renew"), f"cal:v1:new:{place or OWN}", emoji="🔄"),
        button(voice.say("feeds.revoke"), f"cal:v1:revoke:{place or OWN}", style=ButtonStyle.danger),
    ]
    return Screen(*parts, rows=[row(*buttons)])


def revoked_screen(voice: Voice, *, found: bool) -> Screen:
    """Say that the address has ended."""
    return Screen(text(voice.say("feeds.revoked" if found else "feeds.none")))
