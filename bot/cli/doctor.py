"""`incident-bot doctor`: everything that the bot needs, looked at, and tried on Discord with `--live`."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import connected_client
from bot.capability import installed
from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.cli.setup import load
from bot.client import IncidentBot
from bot.configured import open_code_hosts, outbound_of, paging_systems
from bot.database import closing, own_database
from bot.doctor.finding import Finding, State, fail, ok, warn
from bot.doctor.guild import check_commands, check_dms, check_guild, of_policy
from bot.doctor.on_discord.api import Api, CleanUp
from bot.doctor.on_discord.runner import observe
from bot.doctor.on_discord.trial import Observation, Options, Run, TrialOutcome
from bot.doctor.outside import check_code_host, check_paging, check_switched_off, check_webhooks
from bot.doctor.storage import check_connections, check_database, check_dlq, check_instances, check_migrations
from bot.domain.errors import ConfigError, DeliveryRefused, StorageUnavailable, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Way
from bot.i18n import Texts
from bot.integrations.mail import SmtpEmailSender
from bot.listening import intents
from bot.resources import make_webhooks, open_shared
from bot.runbook import Policy, Served, load_served
from bot.settings import Settings
from bot.storage.database.leases import Leases, open_lease_pool

_LOOKS: Final = {State.OK: ("ok", "green"), State.WARN: ("warn", "yellow"), State.FAIL: ("FAIL", "bold red")}
_LOGIN_S: Final = 30.0
_PLAIN_WIDTH: Final = 160  # columns, when the output is not a terminal


def examine(*, test_dms: bool = False) -> int:
    """Look at everything and print a table.

    Args:
        test_dms: Send each person on call a test message: only that shows whether DMs reach them.

    Returns:
        The exit code: 0 when nothing has failed.
    """
    findings = list(_findings(test_dms=test_dms))
    console = Console(width=None if Console().is_terminal else _PLAIN_WIDTH)
    table = Table(header_style="bold")
    for heading in ("what", "state", "found", "what to do"):
        table.add_column(heading, overflow="fold")  # an address that is cut short cannot be copied
    for finding in findings:
        word, style = _LOOKS[finding.state]
        table.add_row(Text(finding.what), Text(word, style), Text(finding.said), Text(finding.todo))
    console.print(table)
    failed = sum(finding.state is State.FAIL for finding in findings)
    console.print(f"{failed} to fix" if failed else "ready to run")
    return EXIT_FOUND if failed else EXIT_OK


def _findings(*, test_dms: bool) -> Iterator[Finding]:
    """Check each part by itself; checks that depend on a missing part are left out."""
    try:
        settings = load("discord_token", "discord_guild_id")
    except ConfigError as error:
        for line in str(error).splitlines():
            key, _, said = line.partition(": ")
            yield fail(key, said, "correct it in the environment or in .env")
        return
    yield ok("settings", "every key is valid")
    if settings.https_proxy is not None:
        proxy = settings.proxy_for(settings.discord_api_base)
        yield ok(
            "proxy",
            "HTTPS_PROXY is not used for Discord: NO_PROXY names it, or it is on this machine"
            if proxy is None
            else f"{proxy.shown} is between the bot and Discord (HTTPS_PROXY)",
        )
    try:
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    except ConfigError as error:
        for line in str(error).splitlines():
            yield fail("policy", line, "correct the policy file; docs/runbook-file.md explains each key")
        return
    yield ok("policy", str(settings.runbook_file or "the one that comes with the bot (Parky)"))
    yield from _storage(settings, served)
    yield from asyncio.run(_discord(settings, served, test_dms=test_dms))
    yield from asyncio.run(check_webhooks(make_webhooks(settings), guilds=served.policies))
    yield from _of_all(settings, served)
    for guild_id, policy in served.policies.items():
        yield _of(served, guild_id, asyncio.run(_mail(settings, policy)))
        yield _of(served, guild_id, asyncio.run(_github(settings, policy)))
        systems = paging_systems(settings, outbound_of(settings), Texts.load(), policy)
        configured = {*systems, *([Way.EMAIL] if settings.smtp is not None else [])}
        people = list(of_policy(policy).values())
        yield from (_of(served, guild_id, one) for one in check_paging(configured, policy, people))
        yield from (_of(served, guild_id, one) for one in check_switched_off(policy))
        for capability in policy.capabilities:
            if capability.doctor is not None:
                own = asyncio.run(capability.doctor(settings, policy))
                yield from (_of(served, guild_id, one) for one in own)


def _of_all(settings: Settings, served: Served) -> Iterator[Finding]:
    """Do the checks of the capabilities for what several servers share."""
    for capability in installed():
        policies = {guild: each for guild, each in served.policies.items() if capability in each.capabilities}
        if capability.doctor_of_all is not None and policies:
            yield from capability.doctor_of_all(settings, policies)


def _storage(settings: Settings, served: Served) -> Iterator[Finding]:
    try:
        with own_database(settings) as database:
            reached = asyncio.run(check_database(database.dsn))
            yield reached
            if reached.state is not State.FAIL:
                yield asyncio.run(check_connections(database.dsn, settings.database_connections))
                migrations = check_migrations(database.dsn)
                yield migrations
                if migrations.state is State.OK:
                    yield asyncio.run(_instances(database.dsn))
                # The first migration makes the table, unless it is in a database of its own.
                if migrations.state is State.OK or settings.dlq_database_url is not None:
                    yield from asyncio.run(_dlq(settings, served, database.dsn))
    except ConfigError as error:
        yield fail("database", str(error), "choose another DATA_DIR, or set DATABASE_URL")


async def _instances(dsn: str) -> Finding:
    async with closing(await open_lease_pool(dsn)) as pool:
        return await check_instances(Leases(pool))


async def _dlq(settings: Settings, served: Served, dsn: str) -> list[Finding]:
    async with open_shared(settings, served, dsn, connections=0) as shared:
        return await check_dlq(shared.dlq)


async def _discord(settings: Settings, served: Served, *, test_dms: bool) -> list[Finding]:
    findings: list[Finding] = []
    try:
        async with connected_client(settings, served) as client:
            findings.append(ok("token", f"is {client.user}'s"))
            for guild_id, policy in served.policies.items():
                async with asyncio.timeout(_LOGIN_S):
                    looked = [
                        one async for one in _guild(client, settings, guild_id, policy, test_dms=test_dms)
                    ]
                findings += [_of(served, guild_id, one) for one in looked]
    except ConfigError as error:
        findings.append(fail("token", str(error).partition(": ")[2], "copy it again, or reset it there"))
    except (UpstreamUnavailable, TimeoutError) as away:
        todo = "try again; see https://discordstatus.com"
        if settings.proxy_for(settings.discord_api_base) is not None:
            todo = "see that HTTPS_PROXY lets discord.com and *.discord.gg through, and takes its credentials"
        findings.append(fail("Discord", f"does not answer: {away}", todo))
    return findings


async def _holders(
    client: IncidentBot, settings: Settings, guild_id: int, policy: Policy
) -> Mapping[str, OnCallPerson]:
    """Return who is on call now; by the policy file when the database is unavailable."""
    if settings.database_url is None:
        return of_policy(policy)  # the embedded one does not run now
    try:
        return await client.served.at(guild_id).oncall.holders(guild_id)
    except StorageUnavailable:
        return of_policy(policy)


async def _guild(
    client: IncidentBot, settings: Settings, guild_id: int, policy: Policy, *, test_dms: bool
) -> AsyncIterator[Finding]:
    """Check one server against its policy."""
    is_there = True
    holders = await _holders(client, settings, guild_id, policy)
    mails = settings.smtp is not None
    async for finding in check_guild(client, guild_id=guild_id, policy=policy, holders=holders, mails=mails):
        is_there = is_there and not (finding.what == "server" and finding.state is State.FAIL)
        yield finding
    if not is_there:
        return
    for finding in await _stored(client, settings, guild_id, policy):
        yield finding
    try:
        yield await check_commands(client, guild_id)
        if test_dms:
            words = Texts.load().say(policy.language, "page.dm.test")
            async for finding in check_dms(
                client, guild_id=guild_id, policy=policy, words=words, holders=holders
            ):
                yield finding
    except DeliveryRefused as refused:
        yield fail("Discord", refused.reason, "invite the bot again, with applications.commands")


async def _stored(
    client: IncidentBot, settings: Settings, guild_id: int, policy: Policy
) -> Sequence[Finding]:
    """Return what the rows of the capabilities say; nothing when the database is unavailable."""
    if settings.database_url is None:
        return []  # the embedded one does not run now
    built = client.served.at(guild_id).built
    findings: list[Finding] = []
    with suppress(StorageUnavailable):
        for one in policy.capabilities:
            if one.doctor_stored is not None:
                findings += await one.doctor_stored(built[one.name])
    return findings


def _of(served: Served, guild_id: int, finding: Finding) -> Finding:
    """Return *finding* with its server in front, where there are several."""
    return finding if len(served.policies) == 1 else replace(finding, what=f"{guild_id}: {finding.what}")


async def _mail(settings: Settings, policy: Policy) -> Finding:
    needed = [severity.name for severity in policy.severities.values() if severity.email_backup]
    if settings.smtp is None:
        if not needed:
            return ok("email", "not needed by the policy")
        said = f"SMTP_URL is not set: {', '.join(needed)} has no email backup"
        return warn("email", said, "set SMTP_URL")
    try:
        await SmtpEmailSender(settings.smtp).check()
    except UpstreamUnavailable as away:
        return fail("email", away.reason, "correct SMTP_URL, or start the mail server")
    return ok("email", f"{settings.smtp.host} takes mail from {settings.smtp.sender}")


async def _github(settings: Settings, policy: Policy) -> Finding:
    async with open_code_hosts(settings) as hosts:
        host, has_token = hosts.repository(policy), settings.github_token is not None
        return await check_code_host(host, policy, has_token=has_token)


#: Moments after a message at which its nonce is used again, seconds: "the past few minutes", says Discord.
NONCE_MOMENTS_S: Final = (30.0, 60.0, 120.0, 180.0, 240.0, 330.0, 450.0, 600.0)

_STYLES: Final = {
    TrialOutcome.OK: "green",
    TrialOutcome.DIFFERS: "yellow",
    TrialOutcome.FAIL: "bold red",
    TrialOutcome.SKIPPED: "dim",
}


def examine_live(options: Options, *, file: Path | None = None) -> int:
    """Try on Discord itself what the bot relies on, and print a table of it.

    Args:
        file: Gets everything that was seen, as JSON.

    Returns:
        The exit code: 0 when nothing has failed.
    """
    try:
        settings = load("discord_token", "discord_guild_id")
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    except ConfigError:  # the table above this one has a row for each mistake
        return EXIT_FOUND
    console = Console(width=None if Console().is_terminal else _PLAIN_WIDTH)
    with console.status("asking Discord: half a minute, and longer with --press and --nonce-window"):
        observations = asyncio.run(_observe(settings, served, options, console))
    console.print(_table(observations))
    if file is not None:
        record = {
            "api": settings.discord_api_base,
            "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "observations": [asdict(one) for one in observations],
        }
        file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    failed = sum(one.state is TrialOutcome.FAIL for one in observations)
    differ = sum(one.state is TrialOutcome.DIFFERS for one in observations)
    skipped = sum(one.state is TrialOutcome.SKIPPED for one in observations)
    console.print(f"{failed} failed, {differ} differ from the local Discord, {skipped} not tried")
    return EXIT_FOUND if failed else EXIT_OK


async def _observe(
    settings: Settings, served: Served, options: Options, console: Console
) -> list[Observation]:
    policy = served.home_policy
    base = settings.discord_api_base
    async with aiohttp.ClientSession() as session:
        api = Api(session, base=base, token=settings.token, proxy=settings.proxy_for(base))
        run = Run(
            api=api,
            policy=policy,
            guild_id=served.home,
            intents=intents(
                message_content=settings.message_content, voice=bool(policy.timeline.voice_channels)
            ).value,
            options=options,
            say=lambda what: console.print(f"→ within {options.press_s:g} s: {what}", style="bold"),
            clean_up=CleanUp(api),
        )
        async with aclosing(observe(run)) as observations:
            return [one async for one in observations]


def _table(observations: Sequence[Observation]) -> Table:
    table = Table(header_style="bold", title="live", title_justify="left")
    for heading in ("what", "state", "seen", "the local Discord says", "what to do"):
        table.add_column(heading, overflow="fold")
    for one in observations:
        # The same twice tells nothing.
        says = "" if one.expected is None or one.state is TrialOutcome.SKIPPED else json.dumps(one.expected)
        says = "the same" if one.state is TrialOutcome.OK and says else says
        table.add_row(
            Text(one.name), Text(one.state, _STYLES[one.state]), Text(one.said), Text(says), Text(one.todo)
        )
    return table
