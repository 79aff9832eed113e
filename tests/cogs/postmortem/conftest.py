"""Provide a store on its own database."""

from tests.integration.storage.conftest import rig

__all__ = ["rig"]
