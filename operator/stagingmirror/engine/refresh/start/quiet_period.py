"""How long production has been observed whole and unchanged, each component for itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.compare import unseen
from stagingmirror.drift.facts import Seen
from stagingmirror.drift.verdict import Unknown
from stagingmirror.engine.context import Context, Judged
from stagingmirror.reasons import Reason

Fingerprint = tuple[tuple[str, str, str | None], ...]

# Reasons that do not pass by themselves: somebody must change the spec, an environment or the thing
# itself first. What is not seen for one of them is left at once.
LASTING = frozenset(
    {
        Reason.ALIAS_AMBIGUOUS,
        Reason.AMBIGUOUS,
        Reason.ARTIFACTS_NOT_READABLE,
        Reason.BAD_NAME,
        Reason.BAD_REQUEST,
        Reason.BUCKET_MISSING,
        Reason.CERTIFICATE_NOT_TRUSTED,
        Reason.ENDLESS_CHAIN,
        Reason.FILE_NOT_SERVED,
        Reason.FILES_GONE,
        Reason.FROM_SECRET,
        Reason.HOST_NOT_ALLOWED,
        Reason.INTERNAL_ERROR,
        Reason.INVALID_ADDRESS,
        Reason.KIND_NOT_INSTALLED,
        Reason.MODEL_NOT_LOADED,
        Reason.INVALID_CA_BUNDLE,
        Reason.INVALID_CREDENTIALS,
        Reason.INVALID_PROXY,
        Reason.KUBECONFIG_REFUSED,
        Reason.LINK_LOCAL,
        Reason.NAMESPACE_NOT_LISTED,
        Reason.NAMESPACE_NOT_READABLE,
        Reason.NO_FILES,
        Reason.NO_INDEX_STORE,
        Reason.NO_REGISTRY,
        Reason.NO_SNAPSHOT,
        Reason.NO_STORE,
        Reason.NO_WORKSPACES,
        Reason.NOTHING_COMPARED,
        Reason.NOTHING_TO_MIRROR,
        Reason.NOT_COMPARABLE,
        Reason.NOT_MLFLOW,
        Reason.NOT_OFFERED,
        Reason.NOT_READABLE,
        Reason.NOT_SHARED_REGISTRY,
        Reason.NOT_SUPPORTED,
        Reason.OWN_CLUSTER,
        Reason.PODS_DIFFER,
        Reason.REDIRECTED,
        Reason.SAME_THING,
        Reason.SECRET_FORBIDDEN,
        Reason.SECRET_INCOMPLETE,
        Reason.SECRET_INVALID,
        Reason.SECRET_MISSING,
        Reason.SECRET_NOT_LABELLED,
        Reason.SHARED_REGISTRY,
        Reason.SHELL_SCRIPT,
        Reason.SPELLED_OTHERWISE,
        Reason.TEMPLATE_ELSEWHERE,
        Reason.TOO_LARGE,
        Reason.TOO_MANY_CHANGES,
        Reason.TOO_MANY_FILES,
        Reason.UNKNOWN_KIND,
    }
)


def not_whole(judged: Judged) -> str | None:
    """Why production cannot be followed now in what a refresh would do with this component; None:
    it can, or a refresh does not follow it whatever it waits for.
    """
    name, verdict = judged.track.name, judged.verdict
    if judged.track.effective_mode != "Refresh":
        return None
    if isinstance(verdict, Unknown):
        passes = verdict.side == "production" and verdict.why.reason not in LASTING
        return f"production's {name} is not seen ({verdict.why.message})" if passes else None
    observed = judged.observations.production
    if isinstance(observed, Seen) and observed.trouble is not None:
        return f"production's {name} did not answer just now ({observed.trouble.message})"
    return None


def fingerprint(judged: Judged) -> Fingerprint:
    """Every compared fact of production."""
    observed = judged.observations.production
    if not isinstance(observed, Seen):
        return ()
    facts = sorted(observed.facts.items())
    return tuple((name, fact.value, fact.expected) for name, fact in facts if fact.compared)


@dataclass(slots=True)
class QuietPeriod:
    """Since when production of one mirror has shown the same compared facts, in this process's own
    observations: what was not observed does not count as quiet.
    """

    _known: dict[str, tuple[Fingerprint, float]] = field(default_factory=dict)

    def since(self, context: Context) -> Mapping[str, float]:
        """Take in what production shows now. By component; without those that are not seen."""
        stale_after = seconds(context.spec.stale_after)
        known, self._known = self._known, {}
        for judged in context.components:
            name, observed = judged.track.name, judged.observations.production
            if unseen(observed, now=context.now, stale_after=stale_after) is not None:
                continue
            facts = fingerprint(judged)
            former = known.get(name)
            is_same = former is not None and former[0] == facts
            self._known[name] = former if former and is_same else (facts, context.now)
        return {name: since for name, (_, since) in self._known.items()}

    def restart(self) -> None:
        """Nothing was observed: count anew."""
        self._known.clear()
