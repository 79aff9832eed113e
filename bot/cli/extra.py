"""What only the extra `demo` installs."""

from importlib.metadata import PackageNotFoundError, version

from bot.domain.errors import ConfigError


def require_local_discord() -> None:
    """Make sure that the local Discord is installed.

    Raises:
        ConfigError: It is not; with what to install.
    """
    try:
        version("local-discord")
    except PackageNotFoundError:
        raise ConfigError(
            "the local Discord is not installed: run this in a checkout of incident-bot, after uv sync"
        ) from None
