"""Tests of the roles that follow the rotation."""
