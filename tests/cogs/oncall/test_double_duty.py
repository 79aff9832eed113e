"""One person at two places: found while both shifts last, and not at a handover between them."""

from datetime import timedelta

from bot.domain.oncall.book import Rosters
from bot.domain.oncall.rotation import Roster, Shift
from cogs.oncall.rules import DoubleDuty, double_duties
from tests.unit.domain.oncall.test_roster import HOURS, NOW


def test_one_person_at_two_places_is_found_and_from_when() -> None:
    """A person on call at two places at once is found, with the time that both shifts share.

    A handover from one place to another is no double duty.
    """
    week = timedelta(days=7)
    first = Roster("ai", HOURS, overrides=[Shift("ben", NOW, NOW + week)])
    second = Roster("cleo", HOURS, overrides=[Shift("ben", NOW + week, NOW + 2 * week)])
    found = Rosters({"primary": first, "secondary": second}, {})
    assert double_duties(found, "primary", NOW, NOW + 4 * week) == []
    longer = Roster("cleo", HOURS, overrides=[Shift("ben", NOW + week / 2, NOW + 2 * week)])
    found = Rosters({"primary": first, "secondary": longer}, {})
    assert double_duties(found, "primary", NOW, NOW + 4 * week) == [
        DoubleDuty("ben", "primary", "secondary", NOW + week / 2, NOW + week)
    ]
    assert double_duties(found, "secondary", NOW, NOW + 4 * week) == [
        DoubleDuty("ben", "secondary", "primary", NOW + week / 2, NOW + week)
    ]
