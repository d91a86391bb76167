"""Why the values of a feature differ, where the numbers show it."""
