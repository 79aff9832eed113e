"""The line about a role that does not follow the rotation."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.ui.posts.bodies import Body, Renderers, alone, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording
from cogs.roles.rules import RoleDelivery, RoleProblem, RoleProblemData

_NAME_LIMIT: Final = 100


def line(words: Wording, delivery: Delivery) -> Body:
    """Say which role does not follow, why, and what to do."""
    data = RoleProblemData.from_json(delivery.data)
    known = set(RoleProblem)
    problem = data.problem if data.problem in known else RoleProblem.REFUSED
    return message(
        words.say(
            f"roles.problem.{problem}",
            role=inert(data.role, limit=_NAME_LIMIT),
            who=inert(data.who, limit=_NAME_LIMIT),
            code=data.code or "–",
        )
    )


RENDERERS: Final[Renderers] = {RoleDelivery.ROLE_PROBLEM: alone(line)}
