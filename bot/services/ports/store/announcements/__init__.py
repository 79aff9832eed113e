"""The interface of the table of announcements to users."""
