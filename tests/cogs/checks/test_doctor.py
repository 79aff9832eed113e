"""What `doctor` says about the systems that live checks look at."""

from dataclasses import replace

from bot.doctor.finding import State
from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.systems import SystemKind, TeamSystems
from cogs.checks.doctor import check_systems
from cogs.checks.rules import CheckRules
from tests.cogs.checks.checks import ScriptedCheck, ScriptedChecks
from tests.unit.ui.samples import EN


async def test_each_system_has_a_line_and_a_missing_token_is_named() -> None:
    """A refused token says what to do; what is not named costs no line."""

    async def refuse() -> None:
        raise OutboundFailed(OutboundProblem.UNAUTHORISED, "HTTP 401")

    rules = CheckRules(systems=TeamSystems(workers=("a",)), sentry_organization="parky")
    known = ScriptedChecks(unconfigured=(SystemKind.WORKERS, SystemKind.PAGES))
    checks = [ScriptedCheck(), ScriptedCheck("parky", refuse, system=SystemKind.SENTRY)]
    found = await check_systems(EN, checks, rules=rules, known=known)
    assert [(each.what, each.state) for each in found] == [
        ("check of Sentry parky", State.WARN),
        ("check of api.parky.co.jp", State.OK),
        ("check of workers", State.WARN),
    ]
    assert "the token is not accepted (401)" in found[0].said
    assert "CLOUDFLARE_TOKEN" in found[2].todo
    assert await check_systems(EN, [], rules=replace(rules, systems=TeamSystems()), known=known) == []
