"""What is said of a registered model that an environment lists under ``comparable`` only: whether
its bytes are the same, and else the reason. Numbers of versions, sizes and names of files stay
where they are, whoever put them into a message.
"""

from collections.abc import Callable
from dataclasses import replace

from stagingmirror.drift.facts import Absent, Seen, Why
from stagingmirror.reading.offers import Named
from stagingmirror.reading.reading import Ended
from stagingmirror.reasons import Reason

# Their messages have nothing but names of the spec, of workloads and of variables in them.
_OPEN = frozenset(
    {
        Reason.NOT_OFFERED,
        Reason.NOT_READABLE,
        Reason.NOT_COMPARABLE,
        Reason.NOTHING_RUNS,
        Reason.PODS_DIFFER,
        Reason.CLOCK_SKEW,
        Reason.ROLLING_OUT,
        Reason.NOT_SEEN_YET,
        Reason.NOT_POLLED_YET,
        Reason.NO_ENVIRONMENT,
        Reason.CLUSTER_NOT_ANSWERING,
        Reason.NAMESPACE_NOT_READABLE,
    }
)


def withholding(model: Named, observe: Callable[[], Seen]) -> Seen:
    """What this observes, without the details where the model is not readable. Raises Ended."""
    if model.is_readable:
        return observe()
    try:
        seen = observe()
    except Ended as ended:
        raise _withheld(ended, model) from None
    return replace(seen, trouble=_why(seen.trouble, model))


def _withheld(ended: Ended, model: Named) -> Ended:
    found = ended.observation
    if not isinstance(found, Absent):
        return Ended(replace(found, why=_meaning(found.why, model)))
    what = found.what
    if what.startswith("version "):
        what = f'the version of registered model "{model.name}" that counts'
    return Ended(Absent(what, found.began, _why(found.trouble, model)))


def _why(why: Why | None, model: Named) -> Why | None:
    return None if why is None else _meaning(why, model)


def _meaning(why: Why, model: Named) -> Why:
    """The reason with what it means anywhere."""
    if why.reason in _OPEN:
        return why
    known = Reason.__members__.values()
    means = next((each.meaning for each in known if each == why.reason), "it cannot be observed")
    return Why(
        why.reason,
        f"{means.replace('`', '')}. No details: registered model {model.name} is not listed in "
        f'readable.models of environment "{model.side.environment}".',
    )
