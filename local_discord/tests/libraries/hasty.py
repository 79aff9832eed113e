"""discord.py without its waits, which are there for many guilds and for Discord's limits."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop
    import discord

GUILDS_WITHIN_S = 0.1  # READY waits this long for one more guild; 2 seconds unless told


class Hasty(discord.Client):
    """discord.py without the 5 seconds before an IDENTIFY that is not the first."""

    async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait."""
