"""Leader election, takeover, and the time up to which every status is settled."""
