"""An incident as people find it in Discord."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local_discord.client import Interaction, Message


@dataclass(frozen=True, slots=True)
class Alert:
    """An incident as people found it in Discord.

    Attributes:
        post: The alert itself.
        root: What the thread hangs on: the alert, or a quiet post in another channel.
        start: The thread's first message.
        dms: By who got one.
    """

    post: Message
    root: Message
    thread: str
    start: Message
    card: Message
    dms: Mapping[str, Message]

    @property
    def number(self) -> int:
        """42."""
        found = re.search(r"INC-(\d+)", self.post.text)
        assert found, self.post.text
        return int(found[1])

    @property
    def label(self) -> str:
        """INC-42."""
        return f"INC-{self.number}"


def affected(form: Interaction, *values: str) -> dict[str, tuple[str, ...]]:
    """The field of an update's form with targets ("t:…") and symptoms ("s:…"), chosen as *values*."""
    labels = (form.modal or {})["components"]
    ids = [str(label["component"]["custom_id"]) for label in labels]
    return {next(one for one in ids if one.startswith("affected:")): values}
