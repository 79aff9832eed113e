"""The coverage table: complete, true, and committed as it is."""

from local_discord.rest.table import all_routes
from local_discord.tests.openapi.coverage import FILE, everything_said, observe, render
from local_discord.tests.openapi.description import operations, require_description, template_of
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.tests.openapi.oracle import validate_log, validate_requests
from local_discord.tests.openapi.refusals import ask_for_refusals, implemented, is_open, takes_body


async def test_every_implemented_route_is_validated_and_the_table_says_so() -> None:
    """A success and a refusal of each matches the description; the committed page is the one made of that."""
    require_description()
    entries = await everything_said()
    assert validate_log(entries) == []
    assert validate_requests(entries, accepted_only=True) == []
    found = observe(entries)
    unproven = [one for one in operations() if is_implemented(*one) and not found[one].is_validated]
    assert unproven == []
    assert FILE.read_text(encoding="utf-8") == render(found), (
        "run python -m local_discord.tests.openapi.coverage"
    )


async def test_every_route_refuses_bodies_and_bots() -> None:
    """A wrong field wherever there is a body; a bot without rights wherever something must be allowed."""
    require_description()
    found = observe(await ask_for_refusals())
    for method, template in implemented():
        refusals = found[method, template].refusals
        assert "400 (50035)" in refusals or not takes_body(method, template), (method, template)
        lacks = any(refusal in refusals for refusal in ("403 (50013)", "403 (50001)"))
        assert lacks is not is_open(method, template), (method, template, refusals)


def test_every_route_is_described() -> None:
    """The local Discord has no route of its own making."""
    require_description()
    strange = [
        f"{route.method} {route.template}"
        for route in all_routes()
        if template_of(route.method.lower(), route.template.replace("{", "").replace("}", "")) is None
    ]
    assert strange == []
