"""People in a local Discord, as a typed async client: they run commands, press buttons, react and read.

It needs only the server's address; what the server does for it is `local_discord.human`.
"""

from local_discord.client.client import Human, NotSeen
from local_discord.client.line import HumanSideError
from local_discord.client.screen import JSON, Control, Interaction, Message, NotOnScreen, controls

__all__ = [
    "JSON",
    "Control",
    "Human",
    "HumanSideError",
    "Interaction",
    "Message",
    "NotOnScreen",
    "NotSeen",
    "controls",
]
