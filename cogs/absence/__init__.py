"""Maintenance windows (メンテナンス): alerts about a target are held. README.md has the rules."""
