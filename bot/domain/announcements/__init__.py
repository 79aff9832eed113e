"""What users are told of an incident: announcements for the landing page, X and the like."""
