"""What the bot may do: the invitation of the READMEs, that of `doctor`, and the local Discord agree."""

import re
from pathlib import Path

import discord
import pytest

from bot.doctor.guild import INVITED
from local_discord.world.seed import BOT

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_readmes_invite_with_what_the_bot_needs(name: str) -> None:
    """The invitations in the READMEs have the permissions that `doctor` asks for."""
    text = (ROOT / name).read_text("utf-8")
    asked = [discord.Permissions(int(bits)) for bits in re.findall(r"permissions=(\d+)", text)]
    assert asked == [INVITED]


def test_readme_names_each_permission_of_the_number() -> None:
    """README.md names the permissions of the invitation's number, and no others.

    The names are those of Discord's settings, so that an administrator can compare.
    """
    named = re.search(r"The number stands for: (.+?)\.\n", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert named
    others = {
        "Mention @everyone and @here": "mention_everyone",
        "View Channels": "read_messages",
    }
    words = [" ".join(one.split()) for one in named[1].split(", ")]
    flags = {others.get(one, one.lower().replace(" ", "_")) for one in words}
    assert flags == {flag for flag, wanted in INVITED if wanted}


def test_the_local_bot_may_do_what_it_is_invited_for_and_no_more() -> None:
    """The local Discord's bot has exactly the invitation's permissions."""
    assert discord.Permissions(int(BOT)) == INVITED
