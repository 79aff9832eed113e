"""Provide a desk whose guild has a repository on the stand-in for GitHub."""

from tests.services.code_host.conftest import desk, github

__all__ = ["desk", "github"]
