"""The table of the looks of every kind of delivery."""

from bot.domain.delivery.kinds import DeliveryKind
from bot.ui.posts.renderer import RENDERERS


def test_every_kind_has_a_renderer() -> None:
    """Registered by the module that composes it, if Discord shows it."""
    assert set(RENDERERS) == {kind for kind in DeliveryKind if not kind.spec.is_outside}
