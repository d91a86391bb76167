"""What a mirror reads: its view, its subscriptions, and probes that make an observation anew."""
