"""The coverage table: complete, true, and committed as it is."""

from bot.sandbox.rest.table import all_routes
from tests.sandbox.coverage import FILE, observe, operations, render
from tests.sandbox.description import require_description, template_of
from tests.sandbox.implemented import is_implemented
from tests.sandbox.oracle import validate_log, validate_requests
from tests.sandbox.tour import take_tour


async def test_every_implemented_route_is_validated_and_the_table_says_so() -> None:
    """A success and a refusal of each matches the description; the committed page is the one made of that."""
    require_description()
    entries = await take_tour()
    assert validate_log(entries) == []
    assert validate_requests(entries, accepted_only=True) == []
    found = observe(entries)
    unproven = [
        one
        for one in operations()
        if is_implemented(*one) and not (found[one].successes and found[one].refusals)
    ]
    assert unproven == []
    assert FILE.read_text(encoding="utf-8") == render(found), "run python -m tests.sandbox.coverage"


def test_every_route_is_described() -> None:
    """The local Discord has no route of its own making."""
    require_description()
    strange = [
        f"{route.method} {route.template}"
        for route in all_routes()
        if template_of(route.method.lower(), route.template.replace("{", "").replace("}", "")) is None
    ]
    assert strange == []
