"""What events of our own resources set in motion, and the resync that finds lost ones."""
