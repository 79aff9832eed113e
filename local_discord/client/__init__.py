"""Act for the people of a local Discord: run commands, press buttons, react and read, in typed async calls.

`Human` needs only the server's address. The server's side of these calls is `local_discord.human`.
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
