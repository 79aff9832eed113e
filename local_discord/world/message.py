"""A message in the local Discord."""

from dataclasses import dataclass, field

from local_discord.world.kinds import JSON, MessageFlag, MessageType


@dataclass(slots=True)
class Message:
    """*reactions* maps an emoji (``"👀"`` or ``"name:id"``) to the ids of who reacted, oldest first; *bursts*
    are the super reactions. *previews* are the embeds that Discord has made of links.
    """

    id: str
    channel_id: str
    author: JSON
    timestamp: str
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    edited_at: str | None = None
    flags: int = 0
    tts: bool = False
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pinned_at: str | None = None
    nonce: str | int | None = None
    reference: JSON | None = None
    snapshots: list[JSON] = field(default_factory=list)
    webhook_id: str | None = None
    application_id: str | None = None
    interaction: JSON | None = None
    ephemeral_to: str | None = None
    late_edits: list[float] = field(default_factory=list)
    bursts: dict[str, list[str]] = field(default_factory=dict)
    previews: list[JSON] = field(default_factory=list)

    @property
    def emojis(self) -> list[str]:
        """Return the emojis of all reactions, normal and super."""
        return list(dict.fromkeys([*self.reactions, *self.bursts]))

    @property
    def author_id(self) -> str:
        """The author's id; a webhook's own id for what a webhook wrote."""
        return str(self.author["id"])

    @property
    def is_v2(self) -> bool:
        """True when the message is built from Components V2."""
        return bool(self.flags & MessageFlag.IS_COMPONENTS_V2)
