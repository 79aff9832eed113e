"""A GitHub on loopback: one repository with branches, files, pull requests and issues.

Its requests and answers are held against GitHub's own description, where that is at hand.
"""
