"""Why the embedded PostgreSQL did not come up."""

from bot.domain.errors import ConfigError


class EmbeddedPostgresError(ConfigError):
    """The embedded PostgreSQL cannot run here; one line that names the folder and what to do about it."""
