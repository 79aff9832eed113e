"""The table of the looks of every kind of delivery."""

from bot.capability import delivery_kinds
from bot.ui.posts.renderer import renderers


def test_every_kind_has_a_renderer() -> None:
    """Registered by the module that composes it, if Discord shows it."""
    assert set(renderers()) == {kind for kind in delivery_kinds().values() if not kind.spec.is_outside}
