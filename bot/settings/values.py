"""The kinds of values that a setting may have: what each allows, and what the error says otherwise."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bot.domain.code_host import is_repository
from bot.integrations.addresses import EgressProxy, SmtpServer, is_loopback, webhooks_of
from bot.integrations.outbound.call import AllowedPlaces

DISCORD_API: Final = "https://discord.com/api/v10"


GITHUB_API: Final = "https://api.github.com"


_TOKEN: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


_WEBHOOK_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", re.ASCII)
_KEY: Final = re.compile(r"[\w+-]{8,128}", re.ASCII)
_BEARER: Final = re.compile(r"[\w.~+/=-]{8,1024}", re.ASCII)  # RFC 6750, b64token; Sentry's have 190
_ACCOUNT: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_GITHUB_TOKEN: Final = re.compile(r"(?:gh[a-z]_|github_pat_)[\w.-]{16,}|[0-9a-f]{40}", re.ASCII)


#: What asyncpg knows, of the parameters of an address that are a choice.
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "sslmode": frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}),
    "sslnegotiation": frozenset({"postgres", "direct"}),
    "target_session_attrs": frozenset(
        {"any", "primary", "standby", "read-write", "read-only", "prefer-standby"}
    ),
    "gsslib": frozenset({"gssapi", "sspi"}),
}


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("is not a bot token")
    return value


def _split(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        raise ValueError("is not an address") from None  # the cause quotes a part of it
    return address


def _api_base(value: str) -> str:
    base = value.rstrip("/")
    address = _split(base)
    local = address.scheme == "http" and is_loopback(address.hostname)
    # The token goes wherever this points: nowhere but to Discord, or no further than this machine.
    if base != DISCORD_API and (not local or "@" in address.netloc):
        raise ValueError("is not Discord")
    return base


def _public(value: str) -> str:
    url = value.rstrip("/")
    address = _split(url)
    is_safe = address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname))
    # A link is enough to acknowledge, so it does not travel in the clear.
    if not is_safe or not address.hostname or "@" in address.netloc or address.query or address.fragment:
        raise ValueError("is no public address")
    return url


def _postgresql(value: SecretStr) -> SecretStr:
    address = _split(value.get_secret_value())
    if address.scheme not in {"postgres", "postgresql"} or not (address.netloc or address.query):
        raise ValueError("is not a PostgreSQL address")
    if "@" in address.path:
        raise ValueError("has an @ behind a /: in a password, / is written %2F")
    for name, given in parse_qsl(address.query):
        if given not in _CHOICES.get(name, {given}):
            raise ValueError(f"has another {name} than {', '.join(sorted(_CHOICES[name]))}")
    return value


def _smtp(value: SecretStr) -> SecretStr:
    SmtpServer.parse(value.get_secret_value())
    return value


def _webhooks(value: SecretStr) -> SecretStr:
    webhooks_of(value.get_secret_value())
    return value


def _proxy(value: SecretStr) -> SecretStr:
    EgressProxy.parse(value.get_secret_value())
    return value


def _shards(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "auto" else value


def _github_token(value: SecretStr) -> SecretStr:
    if not _GITHUB_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("is not a token of GitHub")
    return value


def _github_api(value: str) -> str:
    base = value.rstrip("/")
    address = _split(base)
    local = address.scheme == "http" and is_loopback(address.hostname)
    # The token goes wherever this points, so it does not travel in the clear.
    if not address.hostname or not (address.scheme == "https" or local):
        raise ValueError("is not an https:// address")
    if "@" in address.netloc or address.query or address.fragment:
        raise ValueError("has more than a host and a path")
    return base


def _repository(value: str) -> str:
    if not is_repository(value):
        raise ValueError("is not owner/name")
    return value


def _https(value: SecretStr) -> SecretStr:
    address = _split(value.get_secret_value())
    local = address.scheme == "http" and is_loopback(address.hostname)
    if not address.hostname or not (address.scheme == "https" or local):
        raise ValueError("is not an https:// address")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("is not whsec_ and base64 of 24 to 64 bytes")
    return value


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("is not a key of letters and digits")
    return value


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("is not 32 of 0-9 and a-f")
    return value


def _bearer(value: SecretStr) -> SecretStr:
    if not _BEARER.fullmatch(value.get_secret_value()):
        raise ValueError("is not a token of letters and digits")
    return value


def _existing(value: Path) -> Path:
    if not value.exists():
        raise ValueError("is not there")
    return value


def _places(value: str) -> str:
    AllowedPlaces.parse(value)
    return value


def lowered(value: object) -> object:
    """Return a text in lower case."""
    return value.lower() if isinstance(value, str) else value


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


BotToken: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_token)]
GitHubToken: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_github_token)]
PostgresUrl: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_postgresql)]
SmtpUrl: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_smtp)]
ProxyUrl: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_proxy)]
HttpsUrl: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_https)]
LongSecret: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), Field(min_length=16)]
Webhooks: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_webhooks)]
WebhookSecret: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_webhook_secret)]
BearerToken: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_bearer)]
Key: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_key)]
CloudflareAccount: TypeAlias = Annotated[str, BeforeValidator(_strip), AfterValidator(_account)]
ApiBase: TypeAlias = Annotated[str, BeforeValidator(_strip), AfterValidator(_api_base)]
GitHubApi: TypeAlias = Annotated[str, BeforeValidator(_strip), AfterValidator(_github_api)]
PublicUrl: TypeAlias = Annotated[str, BeforeValidator(_strip), AfterValidator(_public)]
Repository: TypeAlias = Annotated[str, BeforeValidator(_strip), AfterValidator(_repository)]
PrivateHosts: TypeAlias = Annotated[str, AfterValidator(_places)]
ExistingPath: TypeAlias = Annotated[Path, AfterValidator(_existing)]
Shards: TypeAlias = Annotated[int | None, BeforeValidator(_shards)]
