"""A model version as facts: its bytes, and where it comes from."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256

from stagingmirror.api.types.times import rfc3339
from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.drift.facts import Details, Fact, one_fact
from stagingmirror.drift.wording import counted
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.texts import as_fact
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.subjects import Content, ModelVersion
from stagingmirror.view import View

CONTENT = "contentHash"
REQUIREMENTS = "requirements"
# Characters of a value that is shown as it is; of a longer one the hash is.
MAX_SHOWN = 200
# Parameters of a version that are compared, each a fact of its own.
MAX_PARAMETERS = 1000

_PREFIX = "sha256:"
# ``name@digest`` of each dataset, which is no address.
_DATASETS = re.compile(r"[^@:]+@[\w.-]+(, [^@:]+@[\w.-]+)*", re.ASCII)
_ADDRESS = re.compile(r"[:/@]")
_PACKAGE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]*")


def version_facts(
    reading: Reading, version: ModelVersion, offered: Offered, *, declared: bool
) -> dict[str, Fact]:
    """Everything that may be compared of a version, and when its bytes were read. Raises Ended
    where its bytes were not.
    """
    if not isinstance(version.content, Content):
        raise reading.unseen(version.content.why.reason, version.content.why.message)
    if offered.only_compared:
        values = {CONTENT: offered.seal(reading.view, CONTENT, version.content.tree_hash)}
    else:
        provenance = _provenance(version, offered, reading)
        values = {CONTENT: hash_of(version.content), **dict(provenance)}
    facts = {name: Fact(value, declared=declared) for name, value in values.items()}
    facts["contentRead"] = Fact(rfc3339(version.content.read), compared=False)
    return facts


def hash_of(content: Content) -> str:
    """The tree hash as the fact shows it."""
    return _prefixed(content.tree_hash)


def details_of(version: ModelVersion) -> dict[str, Details]:
    """What explains a difference: the files, and the packages."""
    details: dict[str, Details] = {}
    if isinstance(version.content, Content):
        details[CONTENT] = partial(_files, version.content)
    if version.requirements is not None:
        details[REQUIREMENTS] = partial(_packages, version.requirements)
    return details


def _files(content: Content) -> Mapping[str, str]:
    return {path: _prefixed(file.sha256) for path, file in content.files.items()}


def _provenance(
    version: ModelVersion, offered: Offered, reading: Reading
) -> Iterator[tuple[str, str]]:
    view = reading.view
    if version.origin_run_id:
        yield "runId", version.origin_run_id
    if snapshot := _snapshot(version, offered.entry.data_snapshot_tag):
        yield "dataSnapshot", _snapshot_shown(snapshot, offered, view)
    yield from _parameters(version, offered, reading)
    if version.signature is not None:
        yield "signature", _shown("signature", version.signature, offered, view)
    if version.requirements is not None:
        yield REQUIREMENTS, _hash("\n".join(_lines(version.requirements)))


def _parameters(
    version: ModelVersion, offered: Offered, reading: Reading
) -> Iterator[tuple[str, str]]:
    """An entry names no parameters: one that is not offered is left out, and counted. Raises Ended
    (TooLarge) where there are too many.
    """
    left, count = 0, len(version.parameters)
    if count > MAX_PARAMETERS and offered.any_parameters:
        raise reading.unseen(
            Reason.TOO_LARGE,
            f"the run of version {version.version} of {version.model} has {count} parameters, and "
            f"at most {MAX_PARAMETERS} are compared; log fewer, e.g. long lists as an artifact of "
            "the model, or have no parameters offered.",
        )
    for name, value in sorted(version.parameters.items()):
        fact = f"parameters.{one_fact(name)}"
        match offered.parameter(name):
            case "readable":
                yield fact, _shown(fact, value, offered, reading.view)
            case "comparable":
                yield fact, offered.seal(reading.view, fact, value)
            case None:
                left += 1
    if left:
        reading.finding(
            f"{counted(left, 'parameter')} of the run not compared: not listed in "
            "readable.parameters or comparable.parameters of both environments."
        )


def _snapshot_shown(snapshot: str, offered: Offered, view: View) -> str:
    if offered.tag() == "comparable":
        return offered.seal(view, "dataSnapshot", snapshot)
    is_dataset = _DATASETS.fullmatch(snapshot) is not None
    return _short(snapshot) if is_dataset else _shown("dataSnapshot", snapshot, offered, view)


def has_snapshot(version: ModelVersion, tag: str) -> bool:
    """Whether the version or its run has a value for the tag that an entry asks for."""
    return bool(_snapshot(version, tag))


def _snapshot(version: ModelVersion, tag: str | None) -> str | None:
    """Of the tag, where one is asked for: what else the run has is something else."""
    if tag is not None:
        return version.tags.get(tag) or version.run_tags.get(tag)
    return ", ".join(version.dataset_inputs) or None


def _lines(requirements: str) -> list[str]:
    return sorted({line.strip() for line in requirements.splitlines()} - {""})


def _packages(requirements: str) -> Mapping[str, str]:
    """A line with an address may hold a credential and is only in the hash of all lines."""
    return {
        package[0]: _short(line)
        for line in _lines(requirements)
        if (package := _PACKAGE.match(line)) and _ADDRESS.search(line) is None
    }


def _shown(fact: str, text: str, offered: Offered, view: View) -> str:
    """Anybody can log anything: what has an address in it may hold a credential."""
    return offered.hide(view, fact, text) if "://" in text or "@" in text else _short(text)


def _short(text: str) -> str:
    return as_fact(text, MAX_SHOWN)


def _hash(text: str) -> str:
    return _prefixed(sha256(text.encode()).hexdigest())


def _prefixed(digest: str) -> str:
    return digest if digest.startswith(_PREFIX) else f"{_PREFIX}{digest}"
