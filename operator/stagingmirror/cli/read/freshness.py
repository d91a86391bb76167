"""Whether a status may be believed now (DESIGN section 3, freshness).

An old status is no verdict: the answer is then Unknown, with the reason. Pure.
"""

from dataclasses import dataclass

from stagingmirror.api.status import unsettled
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span

# Seconds by which the operator's clock may be ahead of the API server's. Beyond, no age computed
# here means anything: what is old would seem fresh.
AHEAD = 5.0


@dataclass(frozen=True, slots=True)
class Settled:
    """From the leader's Lease. ``at`` is None where it has no time; ``why`` is the reason."""

    at: float | None
    why: str = ""
    see: str = ""
    """The next command to run."""
    forbidden: bool = False
    """The Lease may not be read; an operator may be alive."""
    unsettled: str = ""
    """Names mirrors whose status cannot be written, as ``api.status.unsettled`` writes them."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """``sync`` is the verdict that may be believed; ``doubt`` is why it is not the status' own.

    ``everybody``: the doubt is about the operator, so about every mirror.
    """

    sync: str
    doubt: str | None = None
    everybody: bool = False


def belief(mirror: Mirror, settled: Settled, now: float) -> Freshness:
    """The verdict that counts at ``now`` (POSIX s, by the API server's clock)."""
    if doubt := _of_operator(settled, mirror.stale_after, now):
        return Freshness("Unknown", doubt, everybody=True)
    if unsettled.named(settled.unsettled, mirror.namespace, mirror.name):
        doubt = "the operator cannot write this mirror's status, so it shows an old verdict"
        return Freshness("Unknown", f"{doubt}. See the operator's log: {settled.see}")
    if doubt := _of_status(mirror, now):
        return Freshness("Unknown", doubt)
    return Freshness(mirror.status.sync or "Unknown")


def _of_operator(settled: Settled, stale_after: float, now: float) -> str | None:
    if settled.at is None:
        return f"{settled.why}: nothing is known. See: {settled.see}"
    if now - settled.at > stale_after:
        age = span(now - settled.at)
        return f"no operator has settled a verdict for {age}: nothing is known. See: {settled.see}"
    if settled.at - now > AHEAD:
        ahead = span(settled.at - now)
        return (
            f"the operator's clock is ahead of the API server's by {ahead} at least: nothing is"
            " known. Compare the clocks of their nodes"
        )
    return None


def _of_status(mirror: Mirror, now: float) -> str | None:
    status = mirror.status
    if status.observed_generation < 0 or status.sync is None:
        return "not checked yet"
    if status.observed_generation < mirror.generation:
        return "its spec changed and has not been checked since"
    until = parse_time(status.valid_until)
    if until is None:
        # A verdict needs an end; that nothing is known needs none.
        return None if status.sync == "Unknown" else "its status has no readable validUntil"
    if now > until:
        return f"its status was valid until {span(now - until)} ago and was not renewed"
    return None
