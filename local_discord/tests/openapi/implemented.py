"""Which operations of Discord's description the local Discord has a route for."""

import re

from local_discord.errors import ApiError
from local_discord.rest.routing import match
from local_discord.rest.table import all_routes


def is_implemented(method: str, template: str) -> bool:
    """True when some route takes *method* on a path of *template*."""
    path = re.sub(r"\{\w+\}", "1", template)
    try:
        return match(all_routes(), method.upper(), path) is not None
    except ApiError:  # the path exists, with other methods
        return False
