"""What works without a database, in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import DiscordAway
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, UnansweredPost, Watch
from bot.services.ports import Email


@dataclass(slots=True)
class FakeSpool:
    """A `bot.services.ports.Spool`; `is_full` refuses."""

    kept: str | None = None
    is_full: bool = False

    def load(self) -> Mapping[str, object] | None:
        return None if self.kept is None else dict(json.loads(self.kept))

    def load_others(self) -> Mapping[str, object] | None:
        return None

    def save(self, data: bytes) -> None:
        if self.is_full:
            raise OSError("no space left on device")
        self.kept = data.decode()


@dataclass(slots=True)
class FakeOfflineAlerter:
    """A `bot.services.ports.OfflineAlerter`: Discord, which gives the first message back for a known nonce.

    Attributes:
        posted: (kind, to) of each message, in order.
        nonces: Where each of them is.
        rang: The keys of those that mention whoever is there.
        attempts: The earlier attempts whose messages Discord was searched for, by key.
    """

    posted: list[tuple[OfflineKind, str]] = field(default_factory=list)
    nonces: dict[str, Posted] = field(default_factory=dict)
    rang: list[str] = field(default_factory=list)
    attempts: dict[str, UnansweredPost] = field(default_factory=dict)
    seeded: list[Posted] = field(default_factory=list)
    is_away: bool = False

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        if self.is_away:
            raise DiscordAway("Discord is away")
        if message.attempt is not None:
            self.attempts[message.key] = message.attempt
        if nonce not in self.nonces:
            self.nonces[nonce] = Posted(8, 5000 + len(self.nonces), pinged=True)
            self.posted.append((message.kind, message.to))
            self.rang += [message.key] if message.rings else []
        return self.nonces[nonce]

    async def seed(self, alert: Posted) -> None:
        self.seeded.append(alert)

    def mail(self, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str) -> Email:
        return Email((to.email or "",), f"{kind}", watch.title, f"<{nonce}.{to.mailbox}@test>", f"<{first}>")
