"""The mind: facts, verdicts, plans and schedules as plain values.

No module in here calls another system: no I/O, no clock, no framework. The time is always an
argument, in POSIX seconds.
"""
