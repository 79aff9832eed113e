"""Addresses of places in Discord."""

from bot.domain.incident.incident import Incident


def place_url(guild_id: int, channel_id: int, message_id: int | None = None) -> str:
    """Return the address of a channel or thread, or of a message in it."""
    channel = f"https://discord.com/channels/{guild_id}/{channel_id}"
    return channel if message_id is None else f"{channel}/{message_id}"


def alert_url(incident: Incident) -> str | None:
    """Return the alert post, once Discord has it."""
    if incident.post.channel_id is None or incident.post.message_id is None:
        return None
    return place_url(incident.guild_id, incident.post.channel_id, incident.post.message_id)


def thread_url(incident: Incident) -> str | None:
    """Return the incident's thread, once Discord has it."""
    return None if incident.thread.id is None else place_url(incident.guild_id, incident.thread.id)


def home_url(incident: Incident) -> str | None:
    """Return the URL of the place where people work on the incident: its thread, else its alert."""
    return thread_url(incident) or alert_url(incident)


def linked_label(incident: Incident) -> str:
    """Return the incident's label in markup, a link to where people work on it once there is such a place."""
    url = home_url(incident)
    return f"[{incident.label}]({url})" if url else f"**{incident.label}**"


def home(incident: Incident) -> tuple[str, str | None]:
    """Return the text key of a button to that place, and its URL; a tracked alert has no thread."""
    return ("to_post" if incident.thread.id is None else "to_thread", home_url(incident))
