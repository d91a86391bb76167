"""Whether and when a refresh starts."""
