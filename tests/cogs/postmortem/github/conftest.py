"""Provide a desk whose guild has a repository on the stand-in for GitHub."""

from tests.cogs.code_host import desk, github

__all__ = ["desk", "github"]
