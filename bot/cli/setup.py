"""The first steps of every command: settings, then logging."""

from bot.logs import configure_logging
from bot.settings import Settings, load_settings


def load(*require: str, quiet: bool = True) -> Settings:
    """The settings, with logging set up after them.

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
