"""The longer acts of the story."""
