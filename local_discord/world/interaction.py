"""One interaction: what a person did, and what the bot made of it so far."""

import math
from dataclasses import dataclass, field

from local_discord.world.kinds import JSON, CallbackType, InteractionType

RESPOND_WITHIN_S = 3.0
TOKEN_LIFE_S = 15 * 60.0


@dataclass(slots=True)
class Interaction:
    """Times are seconds of the local Discord's monotonic clock.

    Attributes:
        payload: The INTERACTION_CREATE data.
        metadata: What messages that result carry as ``interaction_metadata``.
        source_id: The message that a component sits on.
        original_id: The message that ``@original`` means.
        ephemeral: Whether a deferred response promised an ephemeral message.
        loading: True between a deferral and the message or edit that ends it.
        message_ids: Every message the interaction led to, in order.
        submission_id: The interaction that the modal's latest submission opened.
        activity_id: The instance of the Activity that it launched.
    """

    id: str
    token: str
    type: InteractionType
    user_id: str
    channel_id: str
    payload: JSON
    metadata: JSON
    created_at: float
    source_id: str | None = None
    response: CallbackType | None = None
    responded_at: float | None = None
    original_id: str | None = None
    ephemeral: bool = False
    loading: bool = False
    message_ids: list[str] = field(default_factory=list)
    modal: JSON | None = None
    submission_id: str | None = None
    choices: list[JSON] | None = None
    activity_id: str | None = None

    def state(self, now: float) -> str:
        """``pending``, ``responded``, ``deferred`` or ``failed`` (no answer in time) at *now*."""
        if self.response is None:
            return "failed" if now - self.created_at > RESPOND_WITHIN_S else "pending"
        if self.loading:
            return "failed" if self.is_expired(now) else "deferred"
        return "responded"

    def fails_in_s(self, now: float) -> float:
        """Seconds from *now* until it counts as failed, should the bot do nothing more."""
        if self.response is None:
            return max(self.created_at + RESPOND_WITHIN_S - now, 0.0)
        return max(self.created_at + TOKEN_LIFE_S - now, 0.0) if self.loading else math.inf

    def is_expired(self, now: float) -> bool:
        """True once the token no longer works: 15 minutes after the interaction."""
        return now - self.created_at > TOKEN_LIFE_S

    @property
    def first_response_ms(self) -> int | None:
        """Milliseconds from the click to the bot's first response."""
        if self.responded_at is None:
            return None
        return round((self.responded_at - self.created_at) * 1000)
