"""What is asked of a system outside, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """A request, with a JSON body, a form, bytes, or nothing.

    Attributes:
        is_repeatable: Sent twice, it has the effect of once, by its own nature or by an idempotency key. A
            request that may have arrived is sent again only if so.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = False

    @property
    def only_reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    @property
    def may_repeat(self) -> bool:
        return self.is_repeatable or self.only_reads


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How a system is asked.

    Attributes:
        system: Its name in logs, and its breaker at a host: what fails by itself has a name of its own.
        deadline_s: Seconds for the call with its retries, from its begin to the last byte.
        most_bytes: Of an answer's body.
        cuts_body: Keep the beginning of a longer body, instead of failing.
        tries: How often one call is sent at most.
        has_breaker: Pause after several failures in a row. False for a probe, which asks whether it fails.
        follows: Follow redirects that stay on the host; False: a redirect is an answer like any other.
        allows_private: The operator's own policy names this address, so it may be private.
    """

    system: str
    deadline_s: float = 10.0
    most_bytes: int = 1 << 20
    cuts_body: bool = False
    tries: int = 2
    has_breaker: bool = True
    follows: bool = True
    allows_private: bool = False
