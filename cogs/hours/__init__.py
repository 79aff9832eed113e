"""On-call hours of a month, by person and by kind of hour."""
