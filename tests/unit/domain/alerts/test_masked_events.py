"""What of an alert is shown: not its secrets."""

from dataclasses import replace
from random import Random

import pytest

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from tests.corpus.hook_requests import examples
from tests.unit.domain.masking.planted import ANYWHERE

EVENT = AlertEvent(Says.FIRING, "key", "5xx above 3 %")


#: Emails may stay.
_LEFT = {"email"}


@pytest.mark.parametrize("kind", sorted(set(ANYWHERE) - _LEFT))
def test_a_secret_is_masked_wherever_an_alert_says_it(kind: str) -> None:
    """A secret is masked in the title, the target, the text and the address of an alert."""
    secret = ANYWHERE[kind](Random(kind))
    said = replace(
        EVENT, title=f"x {secret} y", target=secret, text=f"a\n{secret}", url=f"https://a.example/{secret}"
    )
    assert secret not in str(said.masked())


def test_what_the_vendors_publish_stays_as_it_is() -> None:
    """A mask in the place of a name, or a link that is missing, would be worse than a habit."""
    for event in (event for example in examples() for event in example.read(example.request)):
        masked = event.masked()
        assert (masked.title, masked.target, masked.url) == (event.title, event.target, event.url)


def test_an_email_stays_in_what_is_affected_and_goes_from_the_text() -> None:
    """An email address stays in the title and target of an event, and is masked in its text."""
    full = "Mailbox backup@parky.co.jp is full"
    masked = replace(EVENT, title=full, target="backup@parky.co.jp", text=full).masked()
    assert (masked.title, masked.target) == (full, "backup@parky.co.jp")
    assert masked.text == "Mailbox [masked:email] is full"


@pytest.mark.parametrize("unit", ["getty@tty1.service", "backup@home.timer", "postgresql@14-main.service"])
def test_a_unit_of_systemd_is_no_email(unit: str) -> None:
    """The name of a systemd unit with an @ in it is not masked as an email address."""
    assert replace(EVENT, text=f"{unit} failed").masked().text == f"{unit} failed"
