"""The first steps of a command: what it needs is installed, settings, logging."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from bot.domain.errors import ConfigError
from bot.logs import configure_logging
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.runbook import Policy


def load(*require: str, quiet: bool = True) -> Settings:
    """Return the settings, with logging set up after them.

    Args:
        require: Fields that the command cannot do without.
        quiet: The command speaks for itself: from the usual level only warnings are left.

    Raises:
        ConfigError: as `load_settings`.
    """
    settings = load_settings(require=require)
    level = "warning" if quiet and settings.log_level == "info" else settings.log_level
    configure_logging(form=settings.log_format, level=level)
    return settings


def require_on(policy: "Policy", name: str, *, command: str) -> None:
    """Make sure that *policy* has not switched the capability *name* off, which *command* is of.

    Raises:
        ConfigError: It has.
    """
    if name in policy.off:
        raise ConfigError(f"{command}: the policy switches {name} off")


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
