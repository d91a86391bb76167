"""How pods serve, what scales them, and the nodes that they are on: from JSON to texts."""
