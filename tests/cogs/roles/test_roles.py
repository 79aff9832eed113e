"""Roles that follow the rotation: who gets one, who keeps one, and what Discord refuses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import ConfigError, DeliveryRefused, UpstreamUnavailable
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.people import Person
from bot.domain.server_roles import ServerRole, ServerRoles
from bot.i18n import Texts
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice, Wording
from cogs.roles.posts import RENDERERS, oncall_lines
from cogs.roles.rules import RoleDelivery, RoleProblem, RoleRule, found_roles
from cogs.roles.use_cases import RoleKeeping
from tests.cogs.oncall.acts import oncall_of
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

ALICE, BEN, CHLOE = 100000000000000001, 100000000000000002, 100000000000000003
ROLE, OTHER = 501, 502
SERVER = ServerRoles(
    (ServerRole(ROLE, "on-call", (2, 0)), ServerRole(OTHER, "watch", (3, 0))),
    own_rank=(9, 0),
    may_manage=True,
)
BOTH = 'on-call = ["primary", "secondary"]'


def policy_with(keys: str) -> Policy:
    """Parky's policy with two people by id, and these keys of [oncall.roles]."""
    text = default_policy_text().replace('discord = "primary"', f'discord = "{ALICE}"')
    text = text.replace('discord = "secondary"', f'discord = "{BEN}"')
    roles = f"[oncall.roles]\n{keys}\n" if keys else ""
    policy = parse_policy(f"{text}\n{roles}", name="policy.toml")
    return replace(policy, guild_id=None)


def desk_with(database: Database, keys: str) -> Desk:
    """A desk on that policy, in a server with two roles."""
    desk = Desk(database, policy_with(keys))
    desk.discord.roles = SERVER
    return desk


@pytest.fixture
def following(database: Database) -> Desk:
    """A desk whose role follows both places."""
    return desk_with(database, BOTH)


def restart(desk: Desk, keys: str | None = None) -> RoleKeeping:
    """The use cases of a new process, with another policy if *keys* are given."""
    if keys is not None:
        desk.policy = policy_with(keys)
    desk.use(desk.discord)
    return desk.services.of(RoleKeeping)


async def stand_in(desk: Desk, user_id: int = CHLOE) -> None:
    """Let another person stand in for primary, for an hour."""
    now = await desk.store.now()
    who = Who(user_id, "", "chloe")
    new = NewOverride("primary", who, now, now + timedelta(hours=1))
    await oncall_of(desk).schedules.override(GUILD, new, by=PRIMARY)


async def problems(desk: Desk) -> list[tuple[object, ...]]:
    """The lines about problems, in order: the role, the problem, the person."""
    return [
        (one.data["role"], one.data["problem"], one.data.get("who", ""))
        for one in await desk.database.deliveries()
        if one.kind is RoleDelivery.ROLE_PROBLEM
    ]


async def acts(desk: Desk) -> list[str]:
    """What is on the audit log."""
    rows = await desk.database.fetch("SELECT action FROM audit WHERE action LIKE 'role_%' ORDER BY id")
    return [str(row["action"]) for row in rows]


def refusal(code: int) -> DeliveryRefused:
    """What Discord refuses with this code."""
    return DeliveryRefused(f"HTTP 403 {code}", http_status=403, code=code)


async def test_those_on_call_have_the_role(following: Desk) -> None:
    """Both get it once, on record; further looks ask Discord nothing."""
    keeping = following.services.of(RoleKeeping)
    for _ in range(3):
        await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}
    assert [act for act, *_ in following.discord.role_calls] == ["give", "give"]
    assert await acts(following) == ["role_given", "role_given"]


async def test_the_role_follows_a_stand_in_and_returns(following: Desk) -> None:
    """The next look after an override gives the role to its person and takes it from the other, and back."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    await stand_in(following)
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, CHLOE), (ROLE, BEN)}
    await following.database.advance(timedelta(hours=2))
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}


async def test_who_has_it_from_another_hand_keeps_it(following: Desk) -> None:
    """The bot takes only what it gave: primary had the role before, and has it after the shift."""
    following.discord.role_holders |= {(ROLE, ALICE), (ROLE, 77)}
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    await stand_in(following)
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, 77), (ROLE, CHLOE), (ROLE, BEN)}


async def test_a_role_taken_by_hand_is_given_again(following: Desk) -> None:
    """A check asks Discord, and gives the role again to whoever is on call."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    following.discord.role_holders.clear()
    await keeping.check()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}


async def test_permanent_members_and_an_exclusive_role(database: Database) -> None:
    """Those of `also` have it at any time; of an exclusive role everybody else loses it."""
    table = f'on-call = {{ places = ["primary"], also = ["{CHLOE}"], exclusive = true }}'
    desk = desk_with(database, table)
    desk.discord.role_holders |= {(ROLE, 77), (OTHER, 77)}
    await desk.services.of(RoleKeeping).check()
    assert desk.discord.role_holders == {(ROLE, ALICE), (ROLE, CHLOE), (OTHER, 77)}
    assert (await acts(desk)).count("role_taken") == 1


async def test_an_exclusive_role_without_the_intent_is_told(database: Database) -> None:
    """Discord lists no members: the role follows all the same, and the team is told once."""
    desk = desk_with(database, 'on-call = { places = ["primary"], exclusive = true }')
    desk.discord.members_refused = refusal(50001)
    for _ in range(2):
        await desk.services.of(RoleKeeping).check()
    assert desk.discord.role_holders == {(ROLE, ALICE)}
    assert await problems(desk) == [("on-call", "no_members", "")]


async def test_a_policy_without_the_role_takes_it_back(following: Desk) -> None:
    """The process of the new policy takes what the earlier one gave."""
    await following.services.of(RoleKeeping).keep()
    keeping = restart(following, "")
    await keeping.keep()
    assert following.discord.role_holders == set()
    following.discord.role_calls.clear()
    await keeping.keep()
    assert following.discord.role_calls == []


async def test_without_a_role_discord_is_asked_nothing(database: Database) -> None:
    """A policy that names no role has no request, and no channel or right of it."""
    desk = desk_with(database, "")
    desk.discord.is_away = True
    await desk.services.of(RoleKeeping).check()
    assert desk.discord.role_calls == []
    assert (desk.policy.given_roles, desk.policy.reads_members) == ((), False)


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_lost_answer_is_made_good(following: Desk, *, restarts: bool) -> None:
    """Discord gives the role and does not answer: the next look, or process, knows that it is the bot's."""
    following.discord.lost_answers = 1
    keeping = following.services.of(RoleKeeping)
    with pytest.raises(UpstreamUnavailable):
        await keeping.keep()
    keeping = restart(following) if restarts else keeping
    await stand_in(following)
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, CHLOE), (ROLE, BEN)}


async def test_a_lost_answer_to_a_removal_is_made_good(following: Desk) -> None:
    """The role is taken once more, which changes nothing, and then forgotten."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    await stand_in(following)
    await keeping.keep()
    await following.database.advance(timedelta(hours=2))
    following.discord.lost_answers = 2
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            await keeping.keep()
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}
    rows = await following.database.fetch("SELECT user_id FROM role_grants ORDER BY user_id")
    assert [row["user_id"] for row in rows] == [ALICE, BEN]


async def test_two_processes_do_not_fight(following: Desk) -> None:
    """Another process does the same: nothing is given or taken twice for long."""
    first = following.services.of(RoleKeeping)
    second = restart(following)
    for keeping in (first, second):
        await keeping.check()
    await stand_in(following)
    for keeping in (first, second, first):
        await keeping.keep()
    assert following.discord.role_holders == {(ROLE, CHLOE), (ROLE, BEN)}
    assert len(following.discord.role_calls) == 4


async def check_often(keeping: RoleKeeping, desk: Desk, *, minutes: int, undo: Callable[[], None]) -> None:
    """Check every two minutes, as the tick does; something outside undoes what is done each time."""
    for _ in range(0, minutes, 2):
        await keeping.check()
        undo()
        await desk.database.advance(timedelta(minutes=2))


async def test_a_role_that_is_taken_again_and_again_is_left_alone(following: Desk) -> None:
    """Another bot keeps taking a role away; the team is told once, and the bot then tries hourly.

    When that ends the role follows again, and another contest is news.
    """
    keeping, holders = following.services.of(RoleKeeping), following.discord.role_holders
    await check_often(keeping, following, minutes=150, undo=lambda: holders.discard((ROLE, ALICE)))
    gives = [call for call in following.discord.role_calls if call == ("give", ROLE, ALICE)]
    assert len(gives) == 3 + 2
    assert await problems(following) == [("on-call", "contested", str(ALICE))]
    assert (ROLE, BEN) in holders
    holders.add((ROLE, ALICE))
    await keeping.check()
    assert await following.database.fetch("SELECT FROM role_problems") == []
    await check_often(keeping, following, minutes=10, undo=lambda: holders.discard((ROLE, ALICE)))
    assert len(await problems(following)) == 2


async def test_a_role_that_is_taken_now_and_then_is_given_again(following: Desk) -> None:
    """A hand that takes it every quarter of an hour is no contest."""
    keeping, holders = following.services.of(RoleKeeping), following.discord.role_holders
    for _ in range(5):
        await keeping.check()
        assert (ROLE, ALICE) in holders
        holders.discard((ROLE, ALICE))
        await following.database.advance(timedelta(minutes=15))
    assert await problems(following) == []


async def test_two_bots_that_claim_an_exclusive_role_stop(database: Database) -> None:
    """Another bot keeps giving the role to somebody else; the team is told once, until that ends."""
    desk = desk_with(database, 'on-call = { places = ["primary"], exclusive = true }')
    keeping, holders = desk.services.of(RoleKeeping), desk.discord.role_holders
    await check_often(keeping, desk, minutes=60, undo=lambda: holders.add((ROLE, 77)))
    takes = [call for call in desk.discord.role_calls if call[0] == "take"]
    assert len(takes) == 2
    assert await problems(desk) == [("on-call", "contested", "user 77")]
    holders.discard((ROLE, 77))
    await keeping.check()
    assert await desk.database.fetch("SELECT FROM role_problems") == []


async def test_a_refusal_is_told_once_and_not_retried(following: Desk) -> None:
    """Discord's code is told; a look or check does not ask again; another order of roles does."""
    following.discord.role_refusals[ALICE] = refusal(50013)
    keeping = following.services.of(RoleKeeping)
    for _ in range(3):
        await keeping.keep()
    await keeping.check()
    assert [call for call in following.discord.role_calls if call[2] == ALICE] == [("give", ROLE, ALICE)]
    assert await problems(following) == [("on-call", "refused", str(ALICE))]
    del following.discord.role_refusals[ALICE]
    following.discord.roles = replace(SERVER, own_rank=(8, 0))
    await keeping.check()
    assert (ROLE, ALICE) in following.discord.role_holders
    assert await following.database.fetch("SELECT FROM role_problems") == []


async def test_a_refusal_that_comes_back_is_told_again(following: Desk) -> None:
    """Once it is gone, the same problem is news."""
    keeping = following.services.of(RoleKeeping)
    for server in (SERVER, replace(SERVER, may_manage=False), SERVER, replace(SERVER, may_manage=False)):
        await following.database.advance(timedelta(minutes=2))
        following.discord.roles = server
        await keeping.check()
    assert await problems(following) == [("on-call", "no_right", "")] * 2


async def test_a_person_who_left_is_named_and_others_follow(following: Desk) -> None:
    """Who left is told of; the other place's person has the role, and who returns gets it."""
    following.discord.left.add(str(ALICE))
    keeping = following.services.of(RoleKeeping)
    for _ in range(2):
        await keeping.check()
    assert following.discord.role_holders == {(ROLE, BEN)}
    assert await problems(following) == [("on-call", "not_member", str(ALICE))]
    following.discord.left.clear()
    await keeping.check()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}


async def test_who_leaves_with_the_role_is_forgotten(following: Desk) -> None:
    """The role went with the membership: its removal is no problem."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    following.discord.role_refusals[ALICE] = refusal(10007)
    await stand_in(following)
    await keeping.keep()
    assert await problems(following) == []
    rows = await following.database.fetch("SELECT user_id FROM role_grants ORDER BY user_id")
    assert [row["user_id"] for row in rows] == [BEN, CHLOE]


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        (replace(SERVER, own_rank=(1, 0)), "above"),
        (replace(SERVER, roles=(replace(SERVER.roles[0], is_managed=True), SERVER.roles[1])), "managed"),
        (replace(SERVER, may_manage=False), "no_right"),
        (replace(SERVER, roles=(*SERVER.roles, replace(SERVER.roles[0], id=504))), "ambiguous"),
    ],
)
async def test_a_role_that_cannot_be_changed_keeps_its_members(
    following: Desk, server: ServerRoles, problem: str
) -> None:
    """While a role cannot be changed nothing of it is forgotten; once it can be it follows."""
    keeping = following.services.of(RoleKeeping)
    await keeping.check()
    following.discord.roles = server
    await keeping.check()
    await stand_in(following)
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}
    following.discord.roles = SERVER
    await keeping.check()
    assert following.discord.role_holders == {(ROLE, CHLOE), (ROLE, BEN)}
    assert await problems(following) == [("on-call", problem, "")]


async def test_a_role_deleted_before_a_handover_is_told(following: Desk) -> None:
    """A role that Discord no longer has is told to the team, and leaves no grant behind."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    following.discord.roles = replace(SERVER, roles=SERVER.roles[1:])
    following.discord.role_refusals |= {who: refusal(10011) for who in (ALICE, BEN, CHLOE)}
    await stand_in(following)
    await keeping.keep()
    assert await problems(following) == [("on-call", "unknown", "")]
    rows = await following.database.fetch("SELECT user_id FROM role_grants WHERE is_given")
    assert [row["user_id"] for row in rows] == [BEN]  # forgotten by the next check
    await keeping.check()
    assert await following.database.fetch("SELECT FROM role_grants") == []
    assert await problems(following) == [("on-call", "unknown", "")]


async def test_a_renamed_role_keeps_its_members(following: Desk) -> None:
    """A rename is told, takes the role from nobody, and is undone by the old name."""
    keeping = following.services.of(RoleKeeping)
    await keeping.keep()
    following.discord.roles = replace(SERVER, roles=(ServerRole(ROLE, "duty", (2, 0)), SERVER.roles[1]))
    await keeping.check()
    await stand_in(following)
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}
    assert await problems(following) == [("on-call", "unknown", "")]
    following.discord.roles = SERVER
    await keeping.check()
    assert following.discord.role_holders == {(ROLE, CHLOE), (ROLE, BEN)}


async def test_a_rate_limit_is_kept(following: Desk) -> None:
    """After a 429 nothing is asked, by a look or a check, until Discord's time is over."""
    keeping = following.services.of(RoleKeeping)
    limit = UpstreamUnavailable("rate limited", http_status=429, retry_after_s=60.0)
    following.discord.role_refusals[ALICE] = limit
    with pytest.raises(UpstreamUnavailable):
        await keeping.keep()
    del following.discord.role_refusals[ALICE]
    for look in (keeping.keep, keeping.check):
        await look()
    assert len(following.discord.role_calls) == 1
    await following.database.advance(timedelta(seconds=61))
    await keeping.keep()
    assert following.discord.role_holders == {(ROLE, ALICE), (ROLE, BEN)}


async def test_a_role_made_anew_is_given_anew(following: Desk) -> None:
    """A deleted role is told of; one of the same name, with another id, follows."""
    keeping = following.services.of(RoleKeeping)
    await keeping.check()
    following.discord.roles = replace(SERVER, roles=SERVER.roles[1:])
    following.discord.role_holders.clear()
    await keeping.check()
    assert await problems(following) == [("on-call", "unknown", "")]
    following.discord.roles = replace(SERVER, roles=(ServerRole(503, "on-call", (2, 0)), SERVER.roles[1]))
    await keeping.check()
    assert following.discord.role_holders == {(503, ALICE), (503, BEN)}


@pytest.mark.parametrize(
    ("roles", "names", "problem"),
    [
        ((ServerRole(1, "a", (2, 0)), ServerRole(2, "a", (3, 0))), ["a"], RoleProblem.AMBIGUOUS),
        ((ServerRole(1, "a", (2, 0)),), ["a", "1"], RoleProblem.TWICE),
        ((ServerRole(1, "a", (2, 0), is_managed=True),), ["a"], RoleProblem.MANAGED),
        ((ServerRole(1, "a", (9, 0)),), ["a"], RoleProblem.ABOVE),
        ((), ["a"], RoleProblem.UNKNOWN),
    ],
)
def test_what_is_wrong_with_a_role(
    roles: tuple[ServerRole, ...], names: list[str], problem: RoleProblem
) -> None:
    """Each way in which a role cannot follow has its own name."""
    rules = [RoleRule(name, ("primary",)) for name in names]
    _, refused = found_roles(rules, ServerRoles(roles, own_rank=(9, 0), may_manage=True))
    assert [one.problem for one in refused] == [problem]


@pytest.mark.parametrize("problem", list(RoleProblem))
async def test_each_problem_has_its_words(following: Desk, problem: RoleProblem) -> None:
    """The line says the role, pings nobody, and escapes what people have typed."""
    following.discord.roles = replace(SERVER, may_manage=False)
    await following.services.of(RoleKeeping).check()
    [post] = [one for one in await following.database.deliveries() if one.kind in RENDERERS]
    told = replace(post, data={"role": "@here", "problem": problem.value, "who": "*x*", "code": 1})
    body = render(Wording(Texts.load(), following.policy), told, None)
    assert "@here" not in str(body["content"])
    assert body["allowed_mentions"] == {"parse": []}
    assert post.to == f"channel:{following.policy.unfinished.channel}"


async def test_oncall_show_says_who_has_the_role(following: Desk) -> None:
    """A line names the people; one whom Discord refuses is named with the reason instead."""
    following.discord.role_refusals[ALICE] = refusal(50013)
    keeping = following.services.of(RoleKeeping)
    voice = Voice.of(Texts.load(), following.policy, locale="ja")
    assert await oncall_lines(keeping, voice) == [f"ロール @on-call：<@{ALICE}>、<@{BEN}>"]
    await keeping.keep()
    refused = f"⚠️ {ALICE} のロール on-call を変更できません。Discord が断りました (コード 50013)"
    assert await oncall_lines(keeping, voice) == [f"ロール @on-call：<@{BEN}>", refused]
    following.discord.roles = replace(SERVER, may_manage=False)
    await keeping.check()
    [line] = await oncall_lines(keeping, voice)
    assert "「ロールの管理」" in line


async def test_without_a_role_oncall_show_has_no_line(database: Database) -> None:
    """A policy that names none has today's answer."""
    desk = desk_with(database, "")
    voice = Voice.of(Texts.load(), desk.policy, locale="en")
    assert await oncall_lines(desk.services.of(RoleKeeping), voice) == []


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            'on-call = ["third"]',
            'oncall.roles.on-call: "third" is not an on-call place; allowed: "primary", "secondary"',
        ),
        (
            "on-call = []",
            'oncall.roles.on-call: names no place; allowed: one or several places (["primary"])',
        ),
        (
            '"@on-call" = ["primary"]\non-call = ["secondary"]',
            "oncall.roles.on-call: is there with @ and without; keep one of them",
        ),
        ('"@everyone" = ["primary"]', "oncall.roles.everyone: everybody has it; name a role of"),
        ("on-call = { also = [] }", "oncall.roles.on-call.places: is missing"),
        ('on-call = { places = ["primary"], only = true }', "oncall.roles.on-call.only: is not a key"),
    ],
)
def test_a_wrong_table_is_named(keys: str, line: str) -> None:
    """Each mistake in the table is an error line with the key, and what is allowed."""
    with pytest.raises(ConfigError) as wrong:
        policy_with(keys)
    assert line in str(wrong.value)


def test_a_policy_may_switch_the_folder_or_oncall_off() -> None:
    """The table may stay in the file; [oncall] itself is the core's."""
    for name in ("roles", "oncall"):
        text = f'{default_policy_text()}\n[oncall.roles]\n{BOTH}\n[capabilities]\noff = ["{name}"]\n'
        policy = parse_policy(text, name="policy.toml")
        assert policy.given_roles == (() if name == "roles" else ("on-call",))


def test_a_permanent_member_is_named_as_the_policy_names_people() -> None:
    """Chloe is the person of that name; whom the policy does not name may be a username or an id."""
    chloe = OnCallPerson(str(CHLOE), "chloe", user_id=CHLOE)
    rule = RoleRule("on-call", (), also=("chloe", "dan", str(ALICE)))
    assert [one.user_id for one in rule.people({}, [chloe])] == [CHLOE, None, ALICE]


def test_people_by_name_and_by_place_count_once() -> None:
    """Who is on call and named as well is one person."""
    policy = policy_with(BOTH)
    holders = {name: place.person for name, place in policy.oncall.items()}
    rule = RoleRule("on-call", ("primary", "secondary"), also=(str(ALICE),))
    assert len(rule.people(holders, policy.team.values())) == 2
    assert Person(ALICE, "x").id in {one.user_id for one in rule.people(holders, policy.team.values())}
