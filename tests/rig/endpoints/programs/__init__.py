"""What runs in the servers' processes, most of it in environments of their own."""
