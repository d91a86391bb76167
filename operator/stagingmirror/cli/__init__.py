"""The commands, and the operator process."""
