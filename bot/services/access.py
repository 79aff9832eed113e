"""Who may do what: roles in the policy, checked here, refusals on record."""

from bot.domain.errors import NotPermitted
from bot.domain.people import Person, require_role
from bot.runbook.model import Policy
from bot.services.ports import Store


class Access:
    """The policy's ``[permissions]``."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy

    async def require(self, person: Person, action: str, *, guild_id: int, **data: object) -> None:
        """Let *person* pass, or record the refusal.

        Args:
            action: A key below ``[permissions]``: "triage", "acknowledge", "resolve", "dlq", "replay", ...
            data: What it was about, for the audit row; JSON-able.

        Raises:
            NotPermitted: with the roles that would do.
        """
        try:
            require_role(person, action=action, roles=self._roles(action))
        except NotPermitted:
            await self._store.audit(guild_id=guild_id, by=person, action=action, allowed=False, data=data)
            raise

    def allows(self, person: Person, action: str) -> bool:
        """The same question without a record, where nobody is waiting for an answer."""
        try:
            require_role(person, action=action, roles=self._roles(action))
        except NotPermitted:
            return False
        return True

    def _roles(self, action: str) -> tuple[str, ...]:
        roles: tuple[str, ...] = getattr(self._policy.permissions, action)
        return roles
