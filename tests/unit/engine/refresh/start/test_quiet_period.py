"""What passes by itself, and so is waited for."""

from stagingmirror.engine.refresh.start.quiet_period import LASTING
from stagingmirror.reasons import Reason
from support.resources.reasons import sections

# What time ends, or what somebody is about to end anyway: a restart, a rollout, a server that
# answers again, a login that is renewed.
PASSING = {
    Reason.BUSY,
    Reason.CLOCK_SKEW,
    Reason.CLUSTER_NOT_ANSWERING,
    Reason.ENDLESS_PAGING,
    Reason.FORBIDDEN,
    Reason.GARBAGE,
    Reason.HALF_READ,
    Reason.NO_ENVIRONMENT,
    Reason.NOTHING_RUNS,
    Reason.NOT_POLLED_YET,
    Reason.NOT_READ_BACK,
    Reason.NOT_READY,
    Reason.NOT_SEEN_YET,
    Reason.NOT_YET_RUNNING,
    Reason.OVERSIZED_ANSWER,
    Reason.PROXY_REFUSED,
    Reason.READING_BYTES,
    Reason.ROLLING_OUT,
    Reason.SERVER_ERROR,
    Reason.STALE_OBSERVATION,
    Reason.THROTTLED,
    Reason.TIMED_OUT,
    Reason.TLS_FAILED,
    Reason.UNAUTHORIZED,
    Reason.UNAVAILABLE,
    Reason.UNREACHABLE,
    Reason.VERSIONS_DIFFER,
}


def test_of_each_reason_why_a_component_is_unknown_it_is_known_whether_it_passes() -> None:
    reasons = set(dict(sections())["Why a component is Unknown"])

    assert reasons - LASTING == PASSING
