"""Hooks: alerts that monitors send by HTTP. README.md has the rules."""
