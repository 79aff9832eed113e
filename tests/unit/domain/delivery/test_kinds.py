"""What each kind of delivery means, and that queries which name kinds agree with it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import bot.storage
import cogs
from bot.capability import delivery_kinds
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind, DeliveryKindSpec
from bot.domain.incident.incident import IncidentKind
from bot.domain.outage import OfflineKind
from bot.domain.timeline.entries import TimelineKind

SQL = sorted(path for root in (bot.storage, cogs) for path in Path(root.__path__[0]).rglob("*.sql"))
LISTS = re.compile(r"\bkind (?:NOT )?IN \(([^)]*)\)")
NAMED = re.compile(r"\bkind (?:=|<>) '(\w+)'")
QUOTED = re.compile(r"'(\w+)'")


def kinds(has: Callable[[DeliveryKindSpec], bool]) -> set[str]:
    """The names of the kinds whose record *has* something."""
    return {kind.value for kind in delivery_kinds().values() if has(kind.spec)}


def test_a_kind_is_found_by_its_name_in_the_database() -> None:
    """Beside the name, a member carries its record, and two kinds may have equal records."""
    assert DeliveryKind("alert") is DeliveryKind.ALERT
    assert DeliveryKind.ALERT.value == str(DeliveryKind.ALERT) == "alert"
    assert len({kind.value for kind in DeliveryKind}) == len(DeliveryKind)


def test_lists_of_kinds_in_queries_are_those_of_the_records() -> None:
    """Each list of deliveries' kinds in a query or an index matches the specifications in the code."""
    known = [
        kinds(lambda spec: spec.is_paging),
        kinds(lambda spec: spec.keeps_order),
        kinds(lambda spec: spec.opens_thread),
    ]
    found = [
        (path.name, names)
        for path in SQL
        for listed in LISTS.findall(path.read_text())
        if len(names := set(QUOTED.findall(listed))) > 1 and not names <= set(TimelineKind)
    ]
    assert len(found) >= 7
    assert [(name, names) for name, names in found if names not in known] == []


def test_a_kind_that_a_query_names_exists() -> None:
    """Each kind named in an SQL file is a kind of a delivery, a timeline entry or an incident."""
    known = {*delivery_kinds(), *(kind.value for kinds in (TimelineKind, IncidentKind) for kind in kinds)}
    named = {name for path in SQL for name in NAMED.findall(path.read_text())}
    assert len(named) >= 7
    assert named <= known


def test_a_kind_waits_behind_kinds_that_never_wait_for_it() -> None:
    """Else two messages of a thread would wait for each other."""
    known = delivery_kinds()
    for kind in known.values():
        before = {known[name] for name in kind.spec.waits_behind} - {kind}
        assert all(kind.value not in other.spec.waits_behind for other in before)


def test_one_kind_rings_without_a_message_of_its_own() -> None:
    """`unheard_incidents` names it beside the kinds that it is given."""
    others = kinds(lambda spec: spec.goes_by_email) - kinds(lambda spec: spec.rings)
    assert others == {"private_thread"}


def test_what_rings_is_told_without_a_database_too() -> None:
    """The kinds that notify people are those that can be sent without a database."""
    assert kinds(lambda spec: spec.rings) == {kind.value for kind in OfflineKind}


@pytest.mark.parametrize("kind", delivery_kinds().values())
def test_a_record_does_not_contradict_itself(kind: AnyDeliveryKind) -> None:
    """No kind of delivery has properties that contradict each other.

    An urgent kind is not dispensable; a kind that pages, is gathered or goes by email is urgent; a kind
    without words takes no acknowledge, has no date, is not edited and answers nothing.
    """
    spec = kind.spec
    assert not (spec.is_urgent and spec.is_dispensable)
    assert spec.is_urgent or not (spec.goes_by_email or spec.is_gathered or spec.is_paging)
    assert spec.has_words or not (spec.takes_ack or spec.is_dated or spec.is_refreshed or spec.may_answer)
