"""One check: observe both sides, judge, report, requeue."""
