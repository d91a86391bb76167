"""The level-triggered queue of mirrors, ordered by freshness deadline."""
