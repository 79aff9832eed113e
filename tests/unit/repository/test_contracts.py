"""The import contracts of pyproject.toml cover what the tree has today."""

import tomllib
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[3]
#: What the use cases share, what puts them together, and delivery itself.
_NO_USE_CASES: Final = {"delivery", "ports", "shared", "core", "registry"}


def test_delivery_knows_no_other_use_case() -> None:
    """The contract lists every folder of use cases, so a new one is kept out of delivery as well."""
    contracts = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = next(
        contract["forbidden_modules"]
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["name"].startswith("Delivery knows no other use case")
    )
    services = _ROOT / "bot" / "services"
    names = {path.parent.name for path in services.glob("*/__init__.py")}
    names |= {path.stem for path in services.glob("*.py") if path.stem != "__init__"}
    assert set(listed) == {f"bot.services.{name}" for name in names - _NO_USE_CASES}
