"""Is this our patient? Identifiers first, then scored demographics, and a person when unsure."""
