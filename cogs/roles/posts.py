"""The line about a role that does not follow the rotation, and the lines of `/oncall show`."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.oncall.people import id_of
from bot.ui.posts.bodies import Body, Renderers, alone, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Voice, Wording
from cogs.roles.rules import Refused, RoleDelivery, RoleProblemData, problem_of
from cogs.roles.use_cases import RoleKeeping

_NAME_LIMIT: Final = 100
_PEOPLE_LIMIT: Final = 300


def line(words: Wording, delivery: Delivery) -> Body:
    """Say which role does not follow, why, and what to do."""
    data = RoleProblemData.from_json(delivery.data)
    return message(_problem(words, Refused(data.role, problem_of(data.problem), data.who, data.code)))


def _problem(words: Wording, refused: Refused) -> str:
    return words.say(
        f"roles.problem.{refused.problem.value}",
        role=inert(refused.role, limit=_NAME_LIMIT),
        who=inert(refused.who, limit=_NAME_LIMIT),
        code=refused.code or "–",
    )


async def oncall_lines(keeping: RoleKeeping, voice: Voice) -> list[str]:
    """Return the people who have each role and the refused changes, for `/oncall show`."""
    lines = []
    for role in await keeping.roles():
        if role.people is not None:
            people = voice.joined((voice.handle(one.handle) for one in role.people), limit=_PEOPLE_LIMIT)
            name = f"<@&{role.role}>" if id_of(role.role) else voice.who(role.role)
            lines.append(voice.say("roles.now", role=name, people=people or voice.say("roles.nobody")))
        lines += [_problem(voice, one) for one in role.problems]
    return lines


RENDERERS: Final[Renderers] = {RoleDelivery.ROLE_PROBLEM: alone(line)}
