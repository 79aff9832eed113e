"""Row 71: a secret in each setting, each wrong in each way, and all that the commands print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.settings import Settings
from tests.faults.conftest import Figure
from tests.log_state import logging_restored

_SECRET: Final = "s3cr3t-w0rd"
_TOKEN: Final = f"MTEwMDAwMDAwMDAwMDAwMDAwMg.local0.{_SECRET}-works-only-on-the-local-sandbox"
_RIGHT: Final = {
    "DISCORD_TOKEN": _TOKEN,
    "DISCORD_GUILD_ID": "110000000000000000",
    "DISCORD_API_BASE": "http://127.0.0.1:9/api/v10",
    "DATABASE_URL": f"postgresql://bot:{_SECRET}@127.0.0.1:9/x",
}
#: What people paste into the wrong line: a password, a token, an address with either.
_PASTED: Final = (
    _SECRET,
    _TOKEN,
    f"https://bot:{_SECRET}@example.com/",
    f"https://example.com/?token={_SECRET}",
    f"ftp://{_SECRET}@[::1/x",
)
_POSTGRESQL: Final = (
    f"postgres:{_SECRET}",
    f"mysql://bot:{_SECRET}@127.0.0.1:9/x",
    f"postgresql://bot:{_SECRET}@[::1/x",
    f"postgresql://bot:{_SECRET}@127.0.0.1:{_SECRET}/x",
    f"postgresql://bot:/{_SECRET}@127.0.0.1:9/x",
    f"postgresql://bot:{_SECRET}@127.0.0.1:9/x?sslmode={_SECRET}",
    f"postgresql://bot:{_SECRET}@127.0.0.1:9/x?sslnegotiation={_SECRET}",
    f"postgresql://bot:{_SECRET}@127.0.0.1:9/x?target_session_attrs={_SECRET}",
    f"postgresql://bot:{_SECRET}@127.0.0.1:9/x?gsslib={_SECRET}",
)
_WRONG: Final = {
    "DISCORD_TOKEN": (_SECRET, *_PASTED[2:]),
    "DISCORD_GUILD_ID": _PASTED,
    "DISCORD_API_BASE": (*_PASTED, f"http://bot:{_SECRET}@127.0.0.1:9/api/v10"),
    "SHARDS": _PASTED,
    "MESSAGE_CONTENT": _PASTED,
    "DATABASE_URL": (*_PASTED, *_POSTGRESQL),
    "DLQ_DATABASE_URL": (*_PASTED, *_POSTGRESQL),
    "DLQ_WEBHOOKS": (*_PASTED, f'{{"p0-alerts": "https://discord.com/api/webhooks/1/{_SECRET}"}}'),
    "DATABASE_CONNECTIONS": _PASTED,
    "RUNBOOK_FILE": _PASTED,
    "SMTP_URL": (*_PASTED, f"smtp://bot:{_SECRET}@mail", f"smtp://:{_SECRET}@mail?from=b@example.com"),
    "HEARTBEAT_URL": (_SECRET, _TOKEN, f"http://example.com/{_SECRET}", f"https:///{_SECRET}"),
    "GITHUB_TOKEN": (_SECRET, *_PASTED),
    "GITHUB_REPOSITORY": (_SECRET, *_PASTED),
    "GITHUB_API_URL": (_SECRET, _TOKEN, *_PASTED[2:], f"https://bot:{_SECRET}@ghe.example.com/api/v3"),
    "CLOUDFLARE_TOKEN": _PASTED[2:],
    "CLOUDFLARE_ACCOUNT_ID": _PASTED,
    "CLOUDFLARE_API_URL": _PASTED,
    "SENTRY_TOKEN": _PASTED[2:],
    "SENTRY_URL": _PASTED,
    "DISCORD_STATUS_URL": _PASTED,
    "CHECKS_DATABASE_URL": (*_PASTED, *_POSTGRESQL),
    "HTTPS_PROXY": (_SECRET, _TOKEN, _PASTED[-1], f"socks5://bot:{_SECRET}@proxy", f"http://bot:{_SECRET}@"),
    "OUTBOUND_PRIVATE_HOSTS": _PASTED[2:],
    "NTFY_URL": _PASTED,
    "NTFY_TOKEN": _PASTED[1:],
    "PUSHOVER_TOKEN": _PASTED[1:],
    "PUSHOVER_API_URL": _PASTED,
    "PAGERDUTY_ROUTING_KEY": _PASTED[1:],
    "PAGERDUTY_TOKEN": _PASTED[1:],
    "PAGERDUTY_EVENTS_URL": _PASTED,
    "PAGERDUTY_API_URL": _PASTED,
    "PAGE_WEBHOOK_URL": (_SECRET, _TOKEN, f"http://example.com/{_SECRET}", f"https:///{_SECRET}"),
    "ANNOUNCE_WEBHOOK_URL": (_SECRET, _TOKEN, f"http://example.com/{_SECRET}", f"https:///{_SECRET}"),
    "ANNOUNCE_WEBHOOK_SECRET": (*_PASTED, f"whsec_{_SECRET}"),
    "PAGE_WEBHOOK_SECRET": (*_PASTED, f"whsec_{_SECRET}"),
    "HEALTH_PORT": _PASTED,
    "HOOKS_PORT": _PASTED,
    "HOOK_SECRETS": _PASTED,
    "HEARTBEATS_SECRET": (_SECRET,),
    "PUBLIC_URL": (*_PASTED, f"http://{_SECRET}.example.com"),
    "LOG_FORMAT": _PASTED,
    "LOG_LEVEL": _PASTED,
}
#: Any text is right for these: a folder is made, and what is wrong with it is told with its path.
_ANY_TEXT: Final = {"DATA_DIR", "HEALTH_HOST", "HOOKS_HOST", "NO_PROXY"}
_COMMANDS: Final = ("run", "migrate", "doctor", "sync-commands")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty folder, none of our keys in the environment, and logging as it was afterwards."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    with logging_restored():
        yield


def test_every_setting_is_here() -> None:
    """A new one comes with what may be pasted into it."""
    assert {name.upper() for name in Settings.model_fields} <= _WRONG.keys() | _ANY_TEXT


def test_row_71_no_wrong_setting_shows_a_secret(figure: Figure) -> None:
    """Each command reports a wrong setting in one clear line that names the key, without the secret."""
    tried = [
        (command, key, value)
        for key, values in _WRONG.items()
        if key.lower() in Settings.model_fields
        for value in values
        for command in _COMMANDS
    ]
    for command, key, value in tried:
        _one_clear_line(command, key, value)
    figure(f"{len(tried)} wrong settings, 0 secrets shown")


def _one_clear_line(command: str, key: str, value: str) -> None:
    ended = CliRunner().invoke(app, [command], env={**_RIGHT, key: value})
    case = f"{command} with {key}={value}"
    assert isinstance(ended.exception, SystemExit), f"{case}: {ended.exception!r}"
    assert ended.exit_code in {1, 2}, case
    assert _SECRET not in ended.output, f"{case}: {ended.output}"
    lines = [line for line in ended.output.splitlines() if "error: " in line or "FAIL" in line]
    assert len(lines) == 1, f"{case}: {ended.output}"
    assert key in lines[0], f"{case}: {ended.output}"
