"""Hooks: alerts that monitors send by HTTP."""
