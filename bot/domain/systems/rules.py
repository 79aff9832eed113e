"""The systems of a team, as the policy file names them."""

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
class TeamSystems:
    """The systems that a policy names.

    Attributes:
        repositories: ``owner/name`` of those whose GitHub Actions are looked at, on *branch*.
        workers, pages: The scripts and projects at Cloudflare.
    """

    repositories: tuple[str, ...] = ()
    branch: str = "main"
    workers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
