"""Reading the settings: the whole, or one line per key that is wrong or missing."""

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain.errors import ConfigError
from bot.settings.hook_secrets import ALLOWED
from bot.settings.settings import Settings, allowed, missing


def load_settings(*, require: Iterable[str] = (), env_file: Path | None = Path(".env")) -> Settings:
    """Read and check the settings.

    Args:
        require: Fields that the command cannot do without. A folder of policies replaces the guild.
        env_file: Read when it is there; the environment goes before it.

    Raises:
        ConfigError: one line per key that is wrong or missing, without its value.
    """
    try:
        # The plugin knows the fields only; `_env_file` is an argument of every BaseSettings.
        make: Callable[..., Settings] = Settings
        settings = make(_env_file=env_file)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(problem) for problem in error.errors())) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{env_file}: cannot be read: {reason}") from None
    named = {"discord_guild_id"} if settings.has_policies else set[str]()
    needed = dict.fromkeys(require)
    lines = [missing(name) for name in needed if name not in named and getattr(settings, name) is None]
    if settings.public_url and settings.health_port is None and "health_port" not in needed:
        lines.append(f"PUBLIC_URL: needs HEALTH_PORT, which is not set; allowed: {allowed('health_port')}")
    if settings.page_webhook_url and settings.page_webhook_secret is None:
        lines.append(missing("page_webhook_secret"))
    if settings.announce_webhook_url and settings.announce_webhook_secret is None:
        lines.append(missing("announce_webhook_secret"))
    if lines:
        raise ConfigError("\n".join(lines))
    return settings


def _line(problem: ErrorDetails) -> str:
    """Name the key, what is wrong with it and what is allowed.

    The value is left out: people paste a token into the line below the one they mean.
    """
    name, allowed = _key_of(problem["loc"])
    match problem["type"]:
        case "value_error":
            said = str(problem["ctx"]["error"])
        case "int_parsing" | "int_parsing_size":
            said = "is not a whole number"
        case _:
            said = "is not allowed"
    return f"{name.upper()}: {said}; allowed: {allowed}"


def _key_of(loc: tuple[int | str, ...]) -> tuple[str, str]:
    """Return the key of the environment at a place of the settings, and what is allowed there."""
    name = str(loc[0])
    if name != "hook_secrets" or len(loc) < 3:  # noqa: PLR2004 -- the field, the source, its key
        return name, allowed(name)
    return f"hooks_{loc[1]}_{loc[2]}", ALLOWED[str(loc[2])]
