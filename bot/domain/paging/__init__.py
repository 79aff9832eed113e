"""Pages that leave Discord: by email, push, PagerDuty or a webhook."""
