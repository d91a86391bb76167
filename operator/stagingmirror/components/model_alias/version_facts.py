"""A model version as facts: its bytes, and where it comes from."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256

from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import DETAIL, Details, Fact
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.texts import as_fact
from stagingmirror.sources.mlflow.subjects import Content, ModelVersion

Seal = Callable[[str], str]

CONTENT = "contentHash"
REQUIREMENTS = "requirements"
# Characters of a value that is shown as it is; of a longer one the hash is.
MAX_SHOWN = 200

_PREFIX = "sha256:"
# ``name@digest`` of each dataset, which is no address.
_DATASETS = re.compile(r"[^@:]+@[\w.-]+(, [^@:]+@[\w.-]+)*", re.ASCII)
_PACKAGE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]*")


def version_facts(
    reading: Reading, version: ModelVersion, snapshot_tag: str | None, *, declared: bool
) -> dict[str, Fact]:
    """Everything that is compared of a version, and when its bytes were read. Raises Ended where
    its bytes were not.
    """
    if not isinstance(version.content, Content):
        raise reading.unseen(version.content.why.reason, version.content.why.message)
    provenance = _provenance(version, snapshot_tag, reading.view.seal)
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
    version: ModelVersion, snapshot_tag: str | None, seal: Seal
) -> Iterator[tuple[str, str]]:
    if version.origin_run_id:
        yield "runId", version.origin_run_id
    if snapshot := _snapshot(version, snapshot_tag):
        is_dataset = _DATASETS.fullmatch(snapshot) is not None
        yield "dataSnapshot", _short(snapshot) if is_dataset else _told(snapshot, seal)
    for name, value in sorted(version.parameters.items()):
        yield f"parameters.{_one_fact(name)}", _told(value, seal)
    if version.signature is not None:
        yield "signature", _told(version.signature, seal)
    if version.requirements is not None:
        yield REQUIREMENTS, _hash("\n".join(_lines(version.requirements)))


def _snapshot(version: ModelVersion, tag: str | None) -> str | None:
    tagged = (version.tags.get(tag) or version.run_tags.get(tag)) if tag else None
    return tagged or ", ".join(version.dataset_inputs) or None


def _lines(requirements: str) -> list[str]:
    return sorted({line.strip() for line in requirements.splitlines()} - {""})


def _packages(requirements: str) -> Mapping[str, str]:
    """A line with an address may hold a credential and is only in the hash of all lines."""
    return {
        package[0]: _short(line)
        for line in _lines(requirements)
        if (package := _PACKAGE.match(line)) and not any(sign in line for sign in ":/@")
    }


def _one_fact(name: str) -> str:
    """A parameter's name may have slashes; as a detail of another parameter it would not count."""
    return name.replace("%", "%25").replace(DETAIL, "%2F")


def _told(text: str, seal: Seal) -> str:
    """Anybody can log anything: what has an address in it may hold a credential."""
    return seal(text) if "://" in text or "@" in text else _short(text)


def _short(text: str) -> str:
    return as_fact(text, MAX_SHOWN)


def _hash(text: str) -> str:
    return _prefixed(sha256(text.encode()).hexdigest())


def _prefixed(digest: str) -> str:
    return digest if digest.startswith(_PREFIX) else f"{_PREFIX}{digest}"
