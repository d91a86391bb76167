"""The mind: facts, verdicts, plans and schedules as plain values.

Nothing in here asks anybody anything: no I/O, no clock, no framework. The time is always an
argument, in POSIX seconds.
"""
