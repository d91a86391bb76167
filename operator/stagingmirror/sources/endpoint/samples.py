"""The samples that an environment offers, as they are now."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.endpoint import SampleSource, endpoint_named
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.subjects import EndpointSamples

# Lines and bytes of what is sent.
MOST_LINES, MOST_BYTES = 1000, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A text and the version of the object that holds it."""

    version: str
    text: str = field(repr=False)


# The text of a key of an environment's ConfigMap, or why it is not known.
Keep = Callable[[str, MirrorEnvironmentSpec, SampleSource], Kept | Why]


@dataclass(frozen=True, slots=True)
class Lines:
    """``digest`` is the same as long as the samples are."""

    digest: str
    lines: tuple[str, ...] = field(repr=False)


class SampleTexts:
    """What each environment offers is read once for each version of its ConfigMap."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._known: dict[EndpointSamples, tuple[str, Lines | Why]] = {}

    def get(self, of: EndpointSamples, spec: MirrorEnvironmentSpec) -> Lines | Why:
        """Why: the environment does not offer them, they are not there, or not to be sent."""
        endpoint = endpoint_named(of.endpoint, spec.endpoints)
        offered = None if endpoint is None else endpoint.offered(of.samples)
        if offered is None:
            return Why(
                Reason.NOT_OFFERED,
                f"{of} does not list samples {of.samples}; ask its owner to list them.",
            )
        kept = self._keep(of.environment, spec, offered.config_map)
        if isinstance(kept, Why):
            return kept
        version, lines = self._known.get(of, ("", None))
        if lines is None or version != kept.version:
            lines = _lines(kept.text, of)
            self._known[of] = kept.version, lines
        return lines

    def forget(self, environments: frozenset[str]) -> None:
        """Only those of these environments are kept."""
        self._known = {k: v for k, v in self._known.items() if k.environment in environments}


def _lines(text: str, of: EndpointSamples) -> Lines | Why:
    encoded = text.encode(errors="surrogatepass")
    lines = tuple(each for each in text.split("\n") if each.strip())
    if len(encoded) > MOST_BYTES or len(lines) > MOST_LINES:
        return Why(
            Reason.SAMPLES_INVALID,
            f"samples {of.samples} of {of} have {len(lines)} lines and {len(encoded)} bytes; at "
            f"most {MOST_LINES} lines and {MOST_BYTES} bytes are sent.",
        )
    if not lines:
        return Why(Reason.SAMPLES_INVALID, f"samples {of.samples} of {of} are empty.")
    return Lines(hashlib.sha256(encoded).hexdigest(), lines)
