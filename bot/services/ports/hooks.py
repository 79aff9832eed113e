"""Readers of hooks: each knows how one system signs its requests, and what they say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alerts.events import AlertEvent
from bot.domain.changes import RecentChange
from bot.domain.hooks.attempts import HookAttempt
from bot.domain.hooks.hook import HookRequest, HookRules, NewHook, UnreadAlert


class HookDeliveries(Protocol):
    """A source's own record of what it has tried to send.

    Every method raises UpstreamUnavailable if the source is away, and CodeHostRefused if it refuses.
    """

    async def attempts(self, since: datetime) -> list[HookAttempt]:
        """Return the attempts at *since* or later to send what may be about an alert, in any order."""

    async def request_of(self, attempt: HookAttempt) -> HookRequest:
        """Return the request that the source tried to send, with the headers that its reader keeps."""


@dataclass(frozen=True, slots=True)
class KeptHook:
    """A hook on disk; `name` sorts by the order in which they were kept."""

    name: str
    hook: NewHook


class HookSpool(Protocol):
    """Keeps hooks on disk. Its methods block, and raise OSError."""

    @property
    def count(self) -> int:
        """Return how many are kept, as of the last call of another method."""

    def keep(self, hook: NewHook) -> None:
        """Keep *hook*: after this returns, not even a loss of power loses it."""

    def oldest(self, limit: int, *, after: str = "") -> Sequence[KeptHook]:
        """Return the oldest hooks behind the one named *after*, at most *limit*."""

    def drop(self, names: Collection[str]) -> None:
        """Forget the hooks of these names."""

    def set_aside(self, name: str) -> None:
        """Leave the hook of that name to a person: it is returned no more."""


class HookReader(Protocol):
    """Reads the requests of one `bot.domain.hooks.hook.HookFormat`. It has no state and does no I/O."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the headers, in lower case, that `parse` and `delivery_id` need.

        They are stored with the body, so none of them may be a secret.
        """

    def is_key(self, key: str) -> bool:
        """Return False if *key* does not have the source's form: it could verify no request."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        """Check that the source has sent *request*: by a signature, a bearer token or a password.

        It is not called if no key is set for the source: then the secret in the address is all that protects
        it.

        Args:
            keys: At least one. Any of them will do, so that a key can be replaced while requests come.
            now: To refuse a signed time that is too old.

        Raises:
            HookRefused.
        """

    def delivery_id(self, request: HookRequest) -> str | None:
        """Return the source's own id of this request, equal when it is sent again; None if it has none."""

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:
        """Return the JSON that the source expects with 202; None if any 2xx will do.

        Raises:
            HookUnreadable: the source expects to be told at once, with 400.
        """

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent | UnreadAlert, ...]:
        """Return what the request says, in order; nothing for a request that is of no interest.

        The same request always says as much, in the same order, so that it can be processed in parts.

        Raises:
            HookUnreadable.
        """

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        """Return the deployments that the request reports, each with a key; most report none.

        Args:
            at: When it was received, aware, for a deployment that does not say when it was begun.

        Raises:
            HookUnreadable.
        """
