"""Writing a status when the truth changed, its heartbeat, and what its changes emit as Events
and log lines.
"""
