"""One refresh, from its trigger to its end."""
