"""The settings of an installation as one frozen value, read as a whole, or one line per key that is wrong."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.domain.errors import ConfigError
from bot.integrations.addresses import EgressProxy, SmtpServer, WebhookAddress, is_direct, webhooks_of
from bot.integrations.outbound.call import AllowedPlaces
from bot.settings.sources import ALLOWED, HookKeys, HookSecrets, HookSettingsSource, VariablesSource
from bot.settings.values import (
    DISCORD_API,
    GITHUB_API,
    ApiBase,
    BearerToken,
    BotToken,
    CloudflareAccount,
    ExistingPath,
    GitHubApi,
    GitHubToken,
    HttpsUrl,
    Key,
    LongSecret,
    PostgresUrl,
    PrivateHosts,
    ProxyUrl,
    PublicUrl,
    Repository,
    Shards,
    SmtpUrl,
    Webhooks,
    WebhookSecret,
    lowered,
)

CLOUDFLARE_API: Final = "https://api.cloudflare.com/client/v4"
SENTRY: Final = "https://sentry.io"
DISCORD_STATUS: Final = "https://discordstatus.com"


class SystemSettings(BaseSettings):
    """The part of `bot.settings.Settings` about the systems that live checks ask."""

    cloudflare_token: BearerToken | None = Field(
        None, description="a token that may read Workers Scripts and Pages; without it these are not checked"
    )
    cloudflare_account_id: CloudflareAccount | None = Field(
        None, description="the 32 letters and digits of the account that CLOUDFLARE_TOKEN is for"
    )
    cloudflare_api_url: PublicUrl = Field(
        CLOUDFLARE_API, description=f"{CLOUDFLARE_API}, or a stand-in on loopback"
    )
    sentry_token: BearerToken | None = Field(
        None, description="a token with event:read; without it Sentry's issues are not checked"
    )
    sentry_url: PublicUrl = Field(SENTRY, description=f"{SENTRY}, https://de.sentry.io, or your own server")
    checks_database_url: PostgresUrl | None = Field(
        None,
        description="postgresql://user:password@host:5432/database of the database that live checks look at;"
        " without it the bot's own",
    )
    discord_status_url: PublicUrl = Field(
        DISCORD_STATUS, description=f"{DISCORD_STATUS}, or a stand-in on loopback"
    )


PUSHOVER_API: Final = "https://api.pushover.net/1"
PAGERDUTY_EVENTS: Final = "https://events.pagerduty.com"
PAGERDUTY_API: Final = "https://api.pagerduty.com"


class PagingSettings(BaseSettings):
    """The part of `bot.settings.Settings` about paging outside Discord."""

    ntfy_url: PublicUrl | None = Field(
        None, description="https://ntfy.sh, or your own server's address; without it no push goes by ntfy"
    )
    ntfy_token: Key | None = Field(
        None, description="an access token of NTFY_URL (tk_...), if its topics need one"
    )
    pushover_token: Key | None = Field(
        None, description="the token of your application at Pushover; without it no push goes there"
    )
    pushover_api_url: PublicUrl = Field(
        PUSHOVER_API, description=f"{PUSHOVER_API}, or a stand-in on loopback"
    )
    pagerduty_routing_key: Key | None = Field(
        None, description="the integration key of a service (Events API v2); without it no page goes there"
    )
    pagerduty_token: Key | None = Field(
        None, description="a read-only REST API key; without it an answer in PagerDuty is not seen here"
    )
    pagerduty_events_url: PublicUrl = Field(
        PAGERDUTY_EVENTS, description=f"{PAGERDUTY_EVENTS}, or https://events.eu.pagerduty.com"
    )
    pagerduty_api_url: PublicUrl = Field(
        PAGERDUTY_API, description=f"{PAGERDUTY_API}, or https://api.eu.pagerduty.com"
    )
    page_webhook_url: HttpsUrl | None = Field(
        None, description="https:// address that pages are posted to; needs PAGE_WEBHOOK_SECRET"
    )
    page_webhook_secret: WebhookSecret | None = Field(
        None, description="whsec_ and base64 of 24 to 64 bytes: signs what goes to PAGE_WEBHOOK_URL"
    )
    announce_webhook_url: HttpsUrl | None = Field(
        None,
        description="https:// address that announcements are posted to; needs ANNOUNCE_WEBHOOK_SECRET",
    )
    announce_webhook_secret: WebhookSecret | None = Field(
        None, description="whsec_ and base64 of 24 to 64 bytes: signs what goes to ANNOUNCE_WEBHOOK_URL"
    )


_FIRST_ID: Final = 10**16  # Discord's ids of 2015 have 17 digits
_MOST_SHARDS: Final = 10_000
_LEAST_CONNECTIONS: Final = 7  # divided in `bot.storage.database.pools.Connections`
_MOST_CONNECTIONS: Final = 200
_MOST: Final = 2**63 - 1  # PostgreSQL's bigint


_POSTGRES_FORM: Final = "postgresql://user:password@host:5432/database"


class Settings(PagingSettings, SystemSettings):
    """Each field is a key of the environment in capitals; its description says what is allowed.

    Secrets are `SecretStr`: they show as asterisks wherever the settings are printed.
    """

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    discord_token: BotToken | None = Field(
        None, description="the token from the Bot page of https://discord.com/developers/applications"
    )
    discord_guild_id: int | None = Field(
        None,
        ge=_FIRST_ID,
        le=_MOST,
        description="the server's id: turn on Developer Mode, right-click the server, Copy Server ID",
    )
    discord_api_base: ApiBase = Field(
        DISCORD_API,
        description=f"{DISCORD_API}, or a local Discord on loopback (http://127.0.0.1:PORT/api/v10)",
    )
    shards: Shards = Field(
        1, ge=1, le=_MOST_SHARDS, description="a number from 1 to 10000, or auto: as Discord advises"
    )
    message_content: bool = Field(
        default=False,
        description="true once Message Content Intent is switched on on the application's Bot page, or false",
    )
    database_url: PostgresUrl | None = Field(
        None, description=f"{_POSTGRES_FORM}; without it an embedded PostgreSQL runs below DATA_DIR"
    )
    database_connections: int = Field(
        10,
        ge=_LEAST_CONNECTIONS,
        le=_MOST_CONNECTIONS,
        description=f"a number from {_LEAST_CONNECTIONS} to {_MOST_CONNECTIONS}: the connections to "
        "DATABASE_URL that a process opens at most; the database, or its pooler, must allow as many for each",
    )
    dlq_database_url: PostgresUrl | None = Field(
        None, description=f"{_POSTGRES_FORM}; without it the DLQ is in DATABASE_URL"
    )
    dlq_webhooks: Webhooks | None = Field(
        None,
        description='{"p0-alerts": "https://discord.com/api/webhooks/ID/TOKEN"}, a JSON object of channels '
        "and their webhooks on discord.com; without it failed notifications are replayed by the bot only",
    )
    data_dir: Path = Field(Path("data"), description="a folder that the bot may write to")
    runbook_file: ExistingPath | None = Field(
        None, description="a policy file, or a folder with one per server; without it Parky's"
    )
    smtp_url: SmtpUrl | None = Field(
        None,
        description="smtp://user:password@host:587 or smtps://user:password@host:465, "
        "with ?from=bot@example.com unless the user is an address",
    )
    heartbeat_url: HttpsUrl | None = Field(
        None,
        description="https:// address that is asked every minute while every deadline is kept; "
        "http:// on this machine only",
    )
    github_token: GitHubToken | None = Field(
        None,
        description="a token that may read and write contents, pull requests and issues; without it nothing "
        "goes to GitHub",
    )
    github_repository: Repository | None = Field(
        None, description="owner/name; without it [github] repository in a policy names one"
    )
    github_api_url: GitHubApi = Field(
        GITHUB_API,
        description=f"{GITHUB_API}, https://HOST/api/v3 of a GitHub Enterprise Server, or http:// on this "
        "machine",
    )
    https_proxy: ProxyUrl | None = Field(
        None,
        description="http://user:password@host:3128; without it Discord is asked directly",
    )
    no_proxy: str = Field("", description="hosts that HTTPS_PROXY is not for, with commas between them")
    outbound_private_hosts: PrivateHosts = Field(
        "",
        description="hosts and networks, with commas between them, that the bot may ask although their "
        "addresses are private: ntfy.internal, 10.1.0.0/16",
    )
    health_port: int | None = Field(
        None, ge=0, le=65535, description="1 to 65535, 0 for any free port; without it no health server runs"
    )
    health_host: str = Field(
        "127.0.0.1", min_length=1, description="the address to listen on; 0.0.0.0 in a container"
    )
    public_url: PublicUrl | None = Field(
        None,
        description="https://bot.example.com, behind which /ack/ leads to HEALTH_PORT (http:// on loopback "
        "only); without it emails carry no link to acknowledge by",
    )
    hooks_port: int | None = Field(
        None, ge=0, le=65535, description="1 to 65535, 0 for any free port; without it no alerts come by HTTP"
    )
    hooks_host: str = Field(
        "127.0.0.1", min_length=1, description="the address to listen on; 0.0.0.0 in a container"
    )
    heartbeats_secret: LongSecret | None = Field(
        None,
        description="16 characters or more, from which the addresses of heartbeats follow "
        "(openssl rand -hex 24)",
    )
    hook_secrets: Annotated[Mapping[str, HookSecrets], NoDecode] = Field(
        default_factory=dict, description="set HOOKS_<SOURCE>_SECRET and HOOKS_<SOURCE>_SIGNING_KEY instead"
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(lowered)] = Field(
        "console", description="console, json"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lowered)] = Field(
        "info", description="debug, info, warning, error"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the keys of hooks as well, whose names depend on the policy."""
        variables = [
            one.env_vars for one in (env_settings, dotenv_settings) if isinstance(one, EnvSettingsSource)
        ]
        texts = [VariablesSource(settings_cls, each) for each in variables]
        return init_settings, HookSettingsSource(settings_cls, *variables), *texts, file_secret_settings

    @property
    def hook_keys(self) -> Mapping[str, HookKeys]:
        """Return the secrets of each source that has them, by its name in capitals ("MY_CRON")."""
        by_source = {name: secrets.keys for name, secrets in self.hook_secrets.items()}
        return {name: keys for name, keys in by_source.items() if keys is not None}

    @property
    def token(self) -> str:
        """Return the bot token in the clear: for the Discord client only.

        Raises:
            ConfigError: it is not set.
        """
        if self.discord_token is None:
            raise ConfigError(missing("discord_token"))
        return self.discord_token.get_secret_value()

    @property
    def discord_status_page(self) -> str | None:
        """Return the address of Discord's status page; None for a local Discord, of which it says nothing."""
        is_local = self.discord_api_base != DISCORD_API
        return None if is_local and self.discord_status_url == DISCORD_STATUS else self.discord_status_url

    @property
    def has_policies(self) -> bool:
        """Return True if RUNBOOK_FILE is a folder, whose policies name the guilds themselves."""
        return self.runbook_file is not None and self.runbook_file.is_dir()

    @property
    def smtp(self) -> SmtpServer | None:
        """Return where email goes out; None when the bot sends none."""
        return None if self.smtp_url is None else SmtpServer.parse(self.smtp_url.get_secret_value())

    @property
    def webhooks(self) -> Mapping[str, WebhookAddress]:
        """Return the channels' webhooks, by the channel's name; empty without any."""
        return {} if self.dlq_webhooks is None else webhooks_of(self.dlq_webhooks.get_secret_value())

    @property
    def proxy(self) -> EgressProxy | None:
        """Return the proxy for what NO_PROXY does not name, or None."""
        return None if self.https_proxy is None else EgressProxy.parse(self.https_proxy.get_secret_value())

    @property
    def private_hosts(self) -> AllowedPlaces:
        """Return what the bot may ask although its address is private."""
        return AllowedPlaces.parse(self.outbound_private_hosts)

    def proxy_for(self, url: str) -> EgressProxy | None:
        """Return the proxy for *url*, or None."""
        return None if is_direct(url, self.no_proxy) else self.proxy


def missing(name: str) -> str:
    """Return the error line of a key that is needed and not set."""
    return f"{name.upper()}: is not set, in the environment or in .env; allowed: {allowed(name)}"


def allowed(name: str) -> str:
    """Return what a field of the settings may be, as its description says."""
    return Settings.model_fields[name].description or ""


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
