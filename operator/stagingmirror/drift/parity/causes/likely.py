"""The one cause that explains what differs, if there is one."""

from stagingmirror.drift.parity.causes.evidence import LEAST_SAMPLES, Detector, Evidence
from stagingmirror.drift.parity.causes.factors import factor, offset, temperature, unit_length
from stagingmirror.drift.parity.causes.order import other_column, other_elements, other_samples
from stagingmirror.drift.parity.causes.rounding import decimals, precision
from stagingmirror.drift.parity.causes.states import constant, default
from stagingmirror.drift.parity.causes.times import other_events, shifted_clock
from stagingmirror.drift.parity.rules import Comparison

_OF_ANY: tuple[Detector, ...] = (default, constant, other_column)
_OF_NUMBERS = (factor, offset, temperature, precision, decimals, other_samples)
_OF_VECTORS = (factor, offset, precision, unit_length, other_elements)
_BY_COMPARISON: dict[Comparison, tuple[Detector, ...]] = {
    Comparison.NUMBER: (*_OF_ANY, *_OF_NUMBERS),
    Comparison.EMBEDDING: (*_OF_ANY, *_OF_VECTORS),
    Comparison.EXACT: (*_OF_ANY, other_elements),
    Comparison.TIMESTAMP: (*_OF_ANY, shifted_clock, factor),
}


def likely(evidence: Evidence, comparison: Comparison) -> str | None:
    """As a sentence without its end. None: too few samples differ, no cause explains all of them,
    or more than one does.
    """
    if len(evidence.rows) < LEAST_SAMPLES:
        return None
    # What is of other events has other values: no cause is read from these.
    detectors = (other_events,) if evidence.group == "data" else _BY_COMPARISON[comparison]
    found = [text for detect in detectors if (text := detect(evidence)) is not None]
    return found[0] if len(found) == 1 else None
