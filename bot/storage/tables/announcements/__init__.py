"""Our own table of announcements to users."""
