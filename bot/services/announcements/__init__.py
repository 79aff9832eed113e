"""Announcements to users: drafted, edited, approved, published, followed up."""
