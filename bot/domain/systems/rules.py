"""The team's rules for live checks, as the policy file has them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """How one target is asked by HTTP.

    Attributes:
        status: The status of a good answer.
        needs_ok: The answer is JSON whose ``ok`` is true.
        slow_after: A good answer that takes longer is a degraded target.
        is_private: Its address may be a private one.
    """

    url: str = field(repr=False)
    status: int = 200
    needs_ok: bool = False
    slow_after: timedelta = timedelta(seconds=2)
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What is checked, and when by itself.

    Attributes:
        severities: An incident of these is checked when it opens.
        http: By target.
        repositories: ``owner/name`` of those whose GitHub Actions are looked at, on *branch*.
        workers, pages: The scripts and projects at Cloudflare.
        sentry_organization: "" for no Sentry.
        sentry_projects: Empty for all.
        sentry_environment: "" for all.
    """

    severities: frozenset[str] = frozenset()
    http: Mapping[str, HttpTarget] = field(default_factory=dict)
    repositories: tuple[str, ...] = ()
    branch: str = "main"
    workers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    sentry_organization: str = ""
    sentry_projects: tuple[str, ...] = ()
    sentry_environment: str = ""

    def targets_of(self, wanted: Collection[str]) -> dict[str, HttpTarget]:
        """Return the targets among *wanted* that can be asked by HTTP, or all of them if none is."""
        found = {name: target for name, target in self.http.items() if name in wanted}
        return found or dict(self.http)
