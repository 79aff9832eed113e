"""Who is typing where. Source: Discord's docs, Resources > Channel > Trigger Typing Indicator."""

from local_discord.core import Core
from local_discord.gateway.hub import Event

LASTS_S = 10.0


class Typing:
    """Listens to TYPING_START; it ends after ten seconds, or with what was typed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._until: dict[str, dict[str, float]] = {}
        core.hub.subscribe(self._hear)

    def by(self, channel_id: str) -> list[str]:
        """The ids of who is typing in the channel, by name; the local Discord's clock ends it."""
        now = self._core.clock.monotonic()
        return sorted(who for who, until in self._until.get(channel_id, {}).items() if until > now)

    def _hear(self, event: Event) -> None:
        if event.name == "TYPING_START":
            here = self._until.setdefault(event.data["channel_id"], {})
            here[event.data["user_id"]] = self._core.clock.monotonic() + LASTS_S
        elif event.name == "MESSAGE_CREATE":
            here = self._until.get(event.data["channel_id"], {})
            here.pop(event.data["author"]["id"], None)
