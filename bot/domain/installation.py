"""The identity of an installation, shared by all its processes: one row, made by a migration."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

_NONCE_LENGTH: Final = 24  # Discord: at most 25 characters


@dataclass(frozen=True, slots=True)
class Installation:
    """The values that all instances on one database share.

    Attributes:
        id: Part of every nonce; no secret. A database that is made anew counts from INC-1 again: Discord must
            not take its messages for those of the old one.
        link_key: Signs the links that go out by email; a secret.
    """

    id: str
    link_key: str = field(repr=False)


def nonce_of(installation_id: str, key: str) -> str:
    """Return the nonce of the message that *key* names; it is the same in every process.

    The query `insert_deliveries` says the same in SQL.

    Source: Discord's docs, Create Message: `nonce` and `enforce_nonce`; at most 25 characters.
    """
    return sha256(f"{installation_id}:{key}".encode()).hexdigest()[:_NONCE_LENGTH]
