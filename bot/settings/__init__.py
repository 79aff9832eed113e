"""What differs between installations: the environment, or a `.env` file in the working folder.

Everything a team decides about incidents is in the policy file instead. `Settings` is read once, in
`bot.cli`, and passed down as plain values.
"""

from bot.settings.settings import Settings, load_settings

__all__ = ["Settings", "load_settings"]
