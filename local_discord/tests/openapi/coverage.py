"""Writes docs/coverage.md: how much of Discord's description the local Discord has, by area.

``python -m local_discord.tests.openapi.coverage`` takes a tour through every implemented route, asks each for
all that must be refused, compares the answers with the description, and writes the page from that. A test
fails when the committed file differs. With ``--list`` it prints every route instead, with what was observed.
"""

import asyncio
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_discord.tests.openapi.description import operations, template_of
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.tests.openapi.oracle import validate_log, validate_requests
from local_discord.tests.openapi.refusals import ask_for_refusals
from local_discord.tests.openapi.tour import take_tour

FILE = Path(__file__).parents[2] / "docs" / "coverage.md"
# The first pattern that fits an operation's path names its group.
_GROUPS = (
    (
        r"/(gateway|users/|soundboard-d).*|/applications/(@me|\{application_id\})|/oauth2/applications/@me",
        "Account, application, gateway",
    ),
    (r".*/commands.*", "Application commands"),
    (r"/interactions/.*|.*/messages/@original", "Interactions"),
    (r"/webhooks/.*|.*/webhooks", "Webhooks"),
    (r".*/thread.*", "Threads and forum posts"),
    (r".*/(pins.*|reactions.*)", "Reactions and pins"),
    (r"/channels/\{channel_id\}/(messages.*|typing)", "Messages"),
    (r".*/(members|roles|voice-states).*", "Members, roles, voice"),
    (r".*/channels.*|/channels/\{channel_id\}.*", "Channels and permission overwrites"),
    (r".*/scheduled-events.*", "Scheduled events"),
    (r"/guilds/.*", "The guild"),
)
# What an incident bot has no use for, or cannot call with a bot's token.
_NOT_PART = (
    (r".*/(sku|entitlement|subscription)s?.*", "Monetisation: SKUs, entitlements, subscriptions"),
    (r"/lobbies.*|/partner-sdk.*", "Social SDK: lobbies, partner tokens"),
    (
        r".*/(soundboard|voice|stage|send-soundboard).*|.*/regions",
        "Voice: stages, regions, soundboard",
    ),
    (r".*/scheduled-events.*", "Scheduled events: subscribers, exceptions to a rule"),
    (r".*/auto-moderation.*", "AutoMod rules (that it blocks people, 200000, is simulated)"),
    (r".*/(emojis|sticker).*", "Changing emojis and stickers (the guild has none of its own)"),
    (r".*/invites.*", "Invites"),
    (
        r".*/(bans|bulk-ban|prune|requests|incident-actions).*",
        "Moderation: bans, pruning, join requests, lockdown",
    ),
    (r".*/polls.*", "Polls"),
    (r".*/templates.*", "Guild templates"),
    (
        r".*/(widget|welcome|new-member|onboarding|vanity|integrations).*",
        "Community: widget, welcome, onboarding",
    ),
    (
        r".*/(role-connection|connections).*|/oauth2/.*|/users/@me/.*|.*/members/\{user_id\}",
        "OAuth2, with a person's token",
    ),
    (r".*/(activity-instances|attachment)\b.*", "Activities"),
    (r".*/(search|followers|recipients).*", "Search, announcement followers, group DMs"),
    (r".*/(github|slack)", "Webhooks in the words of other services"),
    (r"/guilds/\{guild_id\}", "Changing the guild itself"),
)


@dataclass
class Seen:
    """Of one operation: successes and refusals that match the description, as ``200`` or ``404 (10003)``."""

    successes: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)

    @property
    def is_validated(self) -> bool:
        """True when a success and a refusal match."""
        return bool(self.successes and self.refusals)


def observe(entries: list[dict[str, Any]]) -> dict[tuple[str, str], Seen]:
    """What *entries* prove, by method and template; exchanges that break the description prove nothing."""
    found: dict[tuple[str, str], Seen] = defaultdict(Seen)
    for entry in entries:
        if entry["kind"] != "rest" or validate_log([entry]) or validate_requests([entry], accepted_only=True):
            continue
        template = template_of(entry["method"].lower(), entry["path"])
        if template is None:
            continue
        seen, status = found[entry["method"], template], entry["status"]
        if status < 300:
            seen.successes.add(str(status))
        else:
            code = (entry["response"] or {}).get("code")
            seen.refusals.add(f"{status} ({code})" if code else str(status))
    return found


def render(found: dict[tuple[str, str], Seen]) -> str:
    """Render the page: a row for each area."""
    everything = operations()
    mine = [one for one in everything if is_implemented(*one)]
    proven = [one for one in mine if found[one].is_validated]
    lines = [
        "# What the local Discord covers",
        "",
        "`python -m local_discord.tests.openapi.coverage` writes this page from a tour of every route; with",
        "`--list` it prints every route with the successes and refusals observed. Do not edit the page.",
        "",
        f"Of the {len(everything)} routes in Discord's description (discord/discord-api-spec, HTTP API v10)",
        f"{len(mine)} are implemented and {len(proven)} validated: a success, the refusals and their",
        "requests match it. That Discord picks the same code, or checks in the same order, is not proven.",
        "",
        "| Area | Operations | Validated | Codes of its refusals |",
        "| --- | --- | --- | --- |",
    ]
    lines += [_row(area, members, found) for area, members in _grouped(mine, _GROUPS)]
    lines += [
        "",
        "Not part of it, and answered with 404 or 405 as an unknown route is:",
        "",
    ]
    missing = [one for one in everything if one not in mine]
    lines += [f"- {area} ({len(members)})" for area, members in _grouped(missing, _NOT_PART)]
    return "\n".join(lines) + "\n"


def _row(area: str, members: list[tuple[str, str]], found: dict[tuple[str, str], Seen]) -> str:
    validated = sum(found[one].is_validated for one in members)
    refusals = sorted({refusal for one in members for refusal in found[one].refusals})
    return f"| {area} | {len(members)} | {validated} | {', '.join(refusals)} |"


def list_routes(found: dict[tuple[str, str], Seen]) -> str:
    """Render every operation with its successes and refusals; "not there" for one that is not implemented."""
    lines = []
    for one in operations():
        observed = sorted(found[one].successes) + sorted(found[one].refusals)
        lines.append(f"{one[0]} {one[1]}: {', '.join(observed) if is_implemented(*one) else 'not there'}")
    return "\n".join(lines)


def _grouped(
    members: list[tuple[str, str]], groups: tuple[tuple[str, str], ...]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """*members* by the first group whose pattern fits, in the groups' order.

    Raises:
        LookupError: When one fits no group.
    """
    found: dict[str, list[tuple[str, str]]] = {name: [] for _, name in groups}
    for one in members:
        name = next((name for pattern, name in groups if re.fullmatch(pattern, one[1])), None)
        if name is None:
            raise LookupError(f"no group for {one}")
        found[name].append(one)
    return [(name, listed) for name, listed in found.items() if listed]


async def everything_said() -> list[dict[str, Any]]:
    """The log of the tour and of the refusals."""
    return await take_tour() + await ask_for_refusals()


def main() -> None:
    """Take the tour; write the page, or print every route."""
    found = observe(asyncio.run(everything_said()))
    if "--list" in sys.argv[1:]:
        sys.stdout.write(f"{list_routes(found)}\n")
    else:
        FILE.write_text(render(found), encoding="utf-8")


if __name__ == "__main__":
    main()
