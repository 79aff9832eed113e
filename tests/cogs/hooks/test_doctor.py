"""The sources of hooks: which tables and keys make one, and what doctor says of the others."""

from dataclasses import replace

import pytest

from bot.doctor.finding import State
from bot.domain.errors import ConfigError
from bot.runbook import load_policy
from bot.settings.sources import HookKeys
from cogs.hooks.doctor import check_hooks
from cogs.hooks.intake import hook_sources
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookSenders
from tests.cogs.hooks.sending import tables, with_tables

PARKY = load_policy(None)
KEYS = HookKeys(("s" * 16,))
SIGNED = replace(KEYS, signing=("key-of-sentry",))


def test_a_table_with_a_secret_is_a_source() -> None:
    """The others cost nothing; a minus sign is written as an underscore."""
    cron = replace(tables(PARKY)["sentry"], sender=replace(tables(PARKY)["sentry"].sender, name="my-cron"))
    policy = with_tables(PARKY, **{"my-cron": cron})
    sources = hook_sources({"SENTRY": KEYS, "MY_CRON": KEYS}, {1: policy})
    assert {name: source.guild_id for name, source in sources.items()} == {"sentry": 1, "my-cron": 1}
    assert sources["sentry"].priority == 90
    assert hook_sources({}, {1: policy}) == {}


def test_two_servers_may_not_share_a_source() -> None:
    """One would get the other's alerts; without a secret the tables are as good as not there."""
    with pytest.raises(ConfigError, match=r"hooks.sentry: is in the policies of two servers, 1 and 2"):
        hook_sources({"SENTRY": KEYS}, {1: PARKY, 2: PARKY})
    assert hook_sources({}, {1: PARKY, 2: PARKY}) == {}


def test_a_key_by_which_nothing_can_be_verified_is_an_error_at_the_start() -> None:
    """A signing key that cannot verify anything is refused at the start, and its value is not shown."""
    table = replace(tables(PARKY)["sentry"], format=HookFormat.STANDARD)
    policies = {1: PARKY.with_rules(HookSenders({"sentry": table}))}
    for wrong in ("not-base64!", "whsec_"):
        keys = {"SENTRY": replace(KEYS, signing=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", wrong))}
        with pytest.raises(ConfigError, match="HOOKS_SENTRY_SIGNING_KEY: is no key of standard") as error:
            hook_sources(keys, policies)
        assert wrong not in str(error.value).replace("whsec_ and", "")


def test_each_format_has_a_reader() -> None:
    """A policy can name no other."""
    assert set(READERS) == set(HookFormat)


def test_doctor_says_who_may_send_and_what_is_missing() -> None:
    """Doctor says who may send alerts by HTTP and what is missing for it; without any key it says nothing."""
    keys = {"SENTRY": SIGNED, "GITHUB": KEYS, "SENTYR": KEYS}
    found = [(one.state, one.said) for one in check_hooks(keys, {1: PARKY}, port=None)]
    assert found == [
        (State.WARN, "secrets are set, but no port"),
        (State.WARN, "HOOKS_SENTYR_SECRET is set, but no policy has such a source"),
        (State.OK, "sentry may send, and proves that it is sentry"),
        (State.WARN, "github may send; its address is the only secret"),
    ]
    [twice] = check_hooks({"SENTRY": KEYS}, {1: PARKY, 2: PARKY}, port=1)
    assert "two servers" in twice.said
    assert list(check_hooks({}, {1: PARKY}, port=None)) == []
