"""Roles (ロール) whose members are those on call. README.md has the rules."""
