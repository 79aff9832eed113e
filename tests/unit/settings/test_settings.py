"""The settings: what is read, what is refused and in which words, and that secrets stay secret."""

import re
import traceback
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.settings import Settings, load_settings
from bot.settings.sources import HookKeys
from bot.settings.values import DISCORD_API

ROOT = Path(__file__).parents[3]
TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMg.local0.this-token-works-only-on-the-local-sandbox"
PASSWORD = "hunter2-hunter2"
KEYS = [name.upper() for name in Settings.model_fields]

WRONG = [
    ("DISCORD_TOKEN", "abc", "is not a bot token"),
    ("DISCORD_GUILD_ID", "parky", "is not a whole number"),
    ("DISCORD_GUILD_ID", "42", "is not allowed"),
    ("DISCORD_API_BASE", "https://discord.com.evil.tld/api/v10", "is not Discord"),
    ("DISCORD_API_BASE", "http://discord.com@127.0.0.1/api/v10", "is not Discord"),
    ("DISCORD_API_BASE", "http://10.0.0.1/api/v10", "is not Discord"),
    ("DISCORD_API_BASE", "http://127.0.0.1:x/api/v10", "is not an address"),
    ("DATABASE_URL", f"mysql://bot:{PASSWORD}@db/x", "is not a PostgreSQL address"),
    ("DATABASE_URL", f"postgresql://bot:5432{PASSWORD}", "is not an address"),
    ("DLQ_DATABASE_URL", "postgresql:", "is not a PostgreSQL address"),
    ("SMTP_URL", f"http://bot:{PASSWORD}@mail", "does not start with smtp:// or smtps://"),
    ("SMTP_URL", f"smtp://bot:{PASSWORD}@mail", "has no sender address"),
    ("SMTP_URL", f"smtp://:{PASSWORD}@mail?from=bot@example.com", "has a password without a user"),
    ("SMTP_URL", f"smtp://bot:{PASSWORD}@mail:99999?from=bot@example.com", "is not an address"),
    (
        "SMTP_URL",
        f"smtp://bot:{PASSWORD}@mail?from=bot@example.com&verify=no",
        "has a parameter other than from",
    ),
    ("SHARDS", "0", "is not allowed; allowed: a number from 1 to 10000, or auto"),
    ("SHARDS", "many", "is not a whole number"),
    ("HEARTBEAT_URL", f"http://hc.example.com/{PASSWORD}", "is not an https:// address"),
    ("HEARTBEAT_URL", f"https:///{PASSWORD}", "is not an https:// address"),
    (
        "DLQ_WEBHOOKS",
        f'{{"p0-alerts": "https://evil.tld/{PASSWORD}"}}',
        "has an address that is not a webhook's",
    ),
    ("DLQ_WEBHOOKS", PASSWORD, "is not JSON"),
    ("HTTPS_PROXY", f"socks5://bot:{PASSWORD}@proxy:1080", "does not start with http:// or https://"),
    ("HTTPS_PROXY", f"http://bot:{PASSWORD}@", "has no host"),
    ("HTTPS_PROXY", f"http://bot:{PASSWORD}@proxy:x", "is not an address"),
    ("GITHUB_TOKEN", f"ghp {PASSWORD}", "is not a token of GitHub"),
    ("GITHUB_REPOSITORY", "parky", "is not owner/name"),
    ("GITHUB_REPOSITORY", "parky/..", "is not owner/name"),
    ("GITHUB_API_URL", "http://api.github.com", "is not an https:// address"),
    ("GITHUB_API_URL", f"https://bot:{PASSWORD}@ghe.example.com/api/v3", "has more than a host and a path"),
    ("PUBLIC_URL", "http://bot.example.com", "is no public address"),
    ("PUBLIC_URL", "https://", "is no public address"),
    ("PUBLIC_URL", "https://a@bot.example.com", "is no public address"),
    ("PUBLIC_URL", "https://bot.example.com/?a=b", "is no public address"),
    ("HEALTH_PORT", "70000", "is not allowed; allowed: 1 to 65535"),
    ("HEALTH_PORT", "http", "is not a whole number"),
    ("HOOKS_PORT", "70000", "is not allowed; allowed: 1 to 65535"),
    ("HOOKS_SENTRY_SECRET", "short", "is not a secret for an address; allowed: 16 to 200 of"),
    ("HOOKS_MY_CRON_SECRET", f"{PASSWORD}/{PASSWORD}", "is not a secret for an address"),
    ("HOOKS_SENTRY_SIGNING_KEY", "short", "is too short; allowed: 8 characters or more"),
    ("LOG_FORMAT", "xml", "is not allowed; allowed: console, json"),
    (
        "MESSAGE_CONTENT",
        "maybe",
        (
            "is not allowed; allowed: true once Message Content Intent is switched on "
            "on the application's Bot page, or false"
        ),
    ),
    ("LOG_LEVEL", "loud", "is not allowed; allowed: debug, info, warning, error"),
]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, and none of our keys in the environment."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default_but_the_token_and_the_guild(monkeypatch: pytest.MonkeyPatch) -> None:
    """With only the token and the guild set, which have no defaults, the settings load with the defaults.

    There is no DATABASE_URL and no policy file, for example.
    """
    unset = load_settings()
    assert (unset.discord_token, unset.discord_guild_id) == (None, None)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("DISCORD_GUILD_ID", str(10**17))
    settings = load_settings(require=("discord_token", "discord_guild_id"))
    assert (settings.token, settings.discord_guild_id) == (TOKEN, 10**17)
    assert settings.discord_api_base == DISCORD_API
    assert settings.database_url is None
    assert settings.data_dir == Path("data")
    assert settings.runbook_file is None
    assert settings.smtp is None
    assert settings.health_port is None
    assert (settings.log_format, settings.log_level) == ("console", "info")


@pytest.mark.parametrize(("key", "value", "said"), WRONG)
def test_a_wrong_value_is_one_line(monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str) -> None:
    """The line names the key, what is wrong and what is allowed."""
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{key}: ")
    assert said in line
    assert "allowed: " in line


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, value, _ in WRONG if PASSWORD in value])
def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """A wrong value with a password in it is refused without quoting the password, in the traceback too."""
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All wrong settings are reported together."""
    monkeypatch.setenv("HEALTH_PORT", "x")
    monkeypatch.setenv("LOG_FORMAT", "y")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["HEALTH_PORT", "LOG_FORMAT"]


def test_a_command_asks_for_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing keys are one line each; an empty value counts as missing."""
    monkeypatch.setenv("DISCORD_TOKEN", "")
    with pytest.raises(ConfigError) as caught:
        load_settings(require=("discord_token", "discord_guild_id"))
    token, guild = str(caught.value).splitlines()
    assert token.startswith("DISCORD_TOKEN: is not set")
    assert guild.startswith("DISCORD_GUILD_ID: is not set")


def test_a_source_of_hooks_has_keys_of_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of hooks has the keys of its own name, from the environment, else from the file.

    A key may have several values, which are all good. None of the values is printed. A signing key without a
    secret makes no source.
    """
    old, new = "o" * 16, "n" * 16
    Path(".env").write_text(f"HOOKS_MY_CRON_SECRET={old}\nHOOKS_SENTRY_SECRET={old}\n", encoding="utf-8")
    monkeypatch.setenv("HOOKS_SENTRY_SECRET", f"{new} {old}")
    monkeypatch.setenv("HOOKS_SENTRY_SIGNING_KEY", "name:password")
    monkeypatch.setenv("HOOKS_GITHUB_SIGNING_KEY", "without-a-secret")
    monkeypatch.setenv("HOOKS_PORT", "0")
    settings = load_settings()
    assert settings.hook_keys == {
        "MY_CRON": HookKeys((old,)),
        "SENTRY": HookKeys((new, old), ("name:password",)),
    }
    assert settings.hooks_port == 0
    for secret in (old, new, "password"):
        assert secret not in repr(settings) + repr(settings.hook_keys)


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is read, its unknown keys are ignored, and the environment has priority."""
    Path(".env").write_text(f"DISCORD_TOKEN={TOKEN}\nHEALTH_PORT=1\nEDITOR_COLOUR=blue\n", encoding="utf-8")
    monkeypatch.setenv("HEALTH_PORT", "8080")
    settings = load_settings(require=("discord_token",))
    assert settings.token == TOKEN
    assert settings.health_port == 8080


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readmes_sample_is_a_file_that_works(readme: str) -> None:
    """The sample .env file of each README has only known keys with allowed values.

    The samples of both READMEs have the same keys and values.
    """
    sample = sample_of(readme)
    Path(".env").write_text(sample, encoding="utf-8")
    Path("policy.toml").touch()
    settings = load_settings(require=("discord_token", "discord_guild_id"))
    assert settings.smtp is not None
    assert settings.smtp.username == "bot@example.com"
    lines = [line for line in sample.splitlines() if not line.startswith("#")]
    assert {line.partition("=")[0] for line in lines} <= {*KEYS}
    assert lines == [line for line in sample_of("README.md").splitlines() if not line.startswith("#")]


def sample_of(readme: str) -> str:
    """Return the filled `.env` of a README."""
    (found,) = re.findall(r"```ini\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)
    return str(found)


def test_an_unreadable_file_is_one_line() -> None:
    """A `.env` in another encoding is a mistake to name, not a traceback."""
    Path(".env").write_bytes("LOG_FORMAT=日本".encode("shift_jis"))
    with pytest.raises(ConfigError, match=r"^\.env: cannot be read: not UTF-8$"):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings, or the server that mails go to, shows no secret."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://bot:{PASSWORD}@db/bot")
    monkeypatch.setenv("SMTP_URL", f"smtp://bot%40example.com:{PASSWORD}@mail")
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.smtp!r}"
    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert settings.smtp is not None
    assert settings.smtp.password == PASSWORD


@pytest.mark.parametrize("base", ["http://127.0.0.1:4000/api/v10/", "http://[::1]:4000/api/v10", DISCORD_API])
def test_discord_may_be_local(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    """The local Discord is on loopback; a slash at the end does not matter."""
    monkeypatch.setenv("DISCORD_API_BASE", base)
    assert load_settings().discord_api_base == base.rstrip("/")


@pytest.mark.parametrize(
    ("url", "port", "implicit", "sender", "demands"),
    [
        ("smtp://bot%40example.com:x@mail.example.com", 587, False, "bot@example.com", True),
        ("smtps://u:x@mail.example.com?from=b@example.com", 465, True, "b@example.com", True),
        ("smtp://mail.example.com:25?from=b@example.com", 25, False, "b@example.com", False),
        ("smtp://u:x@localhost:2525?from=b@example.com", 2525, False, "b@example.com", False),
    ],
)
def test_smtp_url(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, implicit: bool, sender: str, demands: bool
) -> None:
    """Ports follow the scheme, the sender the user; a password that leaves the machine wants TLS."""
    monkeypatch.setenv("SMTP_URL", url)
    server = load_settings().smtp
    assert server is not None
    assert (server.port, server.implicit_tls, server.sender) == (port, implicit, sender)
    assert server.demands_tls is demands


def test_links_need_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """PUBLIC_URL without HEALTH_PORT is refused."""
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.com/")
    with pytest.raises(ConfigError, match="PUBLIC_URL: needs HEALTH_PORT"):
        load_settings()
    monkeypatch.setenv("HEALTH_PORT", "8080")
    assert load_settings().public_url == "https://bot.example.com"
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:8080")
    assert load_settings().public_url == "http://127.0.0.1:8080"


def test_a_proxy_is_split_from_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's address is kept apart from its credentials, and the password is never shown."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://b%40t:{PASSWORD}@proxy.example.com:3128/")
    proxy = load_settings().proxy_for(DISCORD_API)
    assert proxy is not None
    assert (proxy.url, proxy.username) == ("http://proxy.example.com:3128", "b@t")
    assert proxy.shown == "http://***@proxy.example.com:3128"
    assert PASSWORD not in f"{proxy!r} {proxy.shown} {load_settings()!r}"
    assert proxy.with_credentials == f"http://b%40t:{PASSWORD}@proxy.example.com:3128"


@pytest.mark.parametrize(
    ("url", "no_proxy", "is_direct"),
    [
        (DISCORD_API, "", False),
        (DISCORD_API, "example.com, .internal", False),
        (DISCORD_API, "internal,discord.com", True),
        ("https://hc.discord.com/x", ".discord.com", True),
        ("https://notdiscord.com/x", "discord.com", False),
        (DISCORD_API, "*", True),
        ("http://127.0.0.1:8080/api/v10", "", True),
        ("http://localhost:8080/api/v10", "", True),
    ],
)
def test_what_goes_past_the_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, *, is_direct: bool
) -> None:
    """Requests to this machine and to the hosts that NO_PROXY names do not go through the proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (load_settings().proxy_for(url) is None) is is_direct
