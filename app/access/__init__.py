"""Who calls, and what they may do. Knows no framework and no database."""
