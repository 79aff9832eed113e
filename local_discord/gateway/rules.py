"""The gateway's limits: heartbeat, shards, and how often an app may identify or request all members.

Source: Discord's docs, Events > Gateway > Identifying, Max Concurrency, Session Start Limit Object;
Change Log, "Introducing Rate Limit When Requesting All Guild Members".
"""

from dataclasses import dataclass, field, fields
from typing import Any, Self

from local_discord.world.kinds import JSON

HEARTBEAT_MS = 41_250
IDENTIFY_WINDOW_S = 5.0
MEMBERS_WINDOW_S = 30.0
STARTS_PER_DAY = 1000
_DAY_S = 86_400.0
_MOST = 10**9


class BadRule(ValueError):
    """A rule that the gateway does not know, or a value it cannot have."""


@dataclass(slots=True)
class GatewayRules:
    """The two windows are 0 (off) unless `strict`: restarting a bot at once must stay quick in tests.

    Attributes:
        heartbeat_ms: The interval told in HELLO.
        shards: The number of shards that /gateway/bot recommends.
        least_shards: A session that identifies with fewer shards than this is closed with 4011.
        max_concurrency: Shards that may identify at the same time.
        identify_window_s: Seconds between two IDENTIFYs with the same ``shard_id % max_concurrency``.
        members_window_s: Seconds between two requests for all members of a guild.
        resume_within_s: How long a session outlives its connection: "a few minutes".
        starts: IDENTIFYs a day.
    """

    heartbeat_ms: int = HEARTBEAT_MS
    shards: int = 1
    least_shards: int = 1
    max_concurrency: int = 1
    identify_window_s: float = 0.0
    members_window_s: float = 0.0
    resume_within_s: float = 180.0
    starts: int = STARTS_PER_DAY

    @classmethod
    def strict(cls) -> Self:
        """The windows as Discord has them."""
        return cls(identify_window_s=IDENTIFY_WINDOW_S, members_window_s=MEMBERS_WINDOW_S)

    def change(self, values: JSON) -> None:
        """Set the rules named in *values*.

        Raises:
            BadRule: For a name that is none, or a value that is no number, too small or too large.
        """
        least = {one.name: 0 if one.name.endswith("_s") else 1 for one in fields(self)}
        for name, value in values.items():
            if name not in least:
                raise BadRule(f"unknown rule {name!r}; there are {sorted(least)}")
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not least[name] <= value <= _MOST:
                raise BadRule(f"{name} is a number, at least {least[name]} and at most {_MOST}")
        for name, value in values.items():
            setattr(self, name, type(getattr(self, name))(value))


@dataclass(slots=True)
class Starts:
    """IDENTIFYs of the application: how many are left today, and which buckets were used just now.

    Times are seconds of the local Discord's monotonic clock.
    """

    left: int = STARTS_PER_DAY
    resets_at: float | None = None
    identified_at: dict[int, float] = field(default_factory=dict)
    members_asked_at: float | None = None

    def payload(self, rules: GatewayRules, now: float) -> JSON:
        """The session start limit object of Get Gateway Bot."""
        self._renew(rules, now)
        resets_in_s = _DAY_S if self.resets_at is None else self.resets_at - now
        return {
            "total": rules.starts,
            "remaining": max(0, min(self.left, rules.starts)),
            "reset_after": int(resets_in_s * 1000),
            "max_concurrency": rules.max_concurrency,
        }

    def may_identify(self, rules: GatewayRules, shard_id: int, now: float) -> bool:
        """True, and the bucket of *shard_id* is used, when its window has passed."""
        key = shard_id % rules.max_concurrency
        before = self.identified_at.get(key)
        if before is not None and now - before < rules.identify_window_s:
            return False
        self.identified_at[key] = now
        return True

    def take(self, rules: GatewayRules, now: float) -> bool:
        """Count one IDENTIFY; False when the day's are used up."""
        self._renew(rules, now)
        if self.left <= 0:
            return False
        self.left -= 1
        if self.resets_at is None:
            self.resets_at = now + _DAY_S
        return True

    def members_wait_s(self, rules: GatewayRules, now: float) -> float:
        """0 when all members may be asked for (and count it), else the seconds to wait."""
        before = self.members_asked_at
        if before is not None and (wait_s := before + rules.members_window_s - now) > 0:
            return wait_s
        self.members_asked_at = now
        return 0.0

    def _renew(self, rules: GatewayRules, now: float) -> None:
        if self.resets_at is not None and now >= self.resets_at:
            self.left, self.resets_at = rules.starts, None


def rules_payload(rules: GatewayRules) -> dict[str, Any]:
    """Every rule by name."""
    return {one.name: getattr(rules, one.name) for one in fields(rules)}
