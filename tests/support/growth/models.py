"""What a model version brings along: tags, parameters, files, texts."""

from collections.abc import Callable, Iterator
from typing import Any

from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.components.model_alias.version_facts import details_of, version_facts
from stagingmirror.reading.reading import Reading
from stagingmirror.sources.content import hashing
from stagingmirror.sources.content.subjects import FileHash
from support.growth.parser import KIB, Parser, repeated
from support.growth.values import judged
from support.kinds import fraud
from support.kinds.builders import NOW, PRODUCTION, STAGING, World, sides, version
from support.kinds.fraud import both, server


def models() -> Iterator[tuple[str, Parser]]:
    worst = {
        "a@": "a@",
        "datasets": "a@b, ",
        "names": "a-",
        "separators": ", ",
        "an address": "://",
    }
    for name, text in worst.items():
        for field in ("tags", "signature", "requirements"):
            yield f"{field} of {name}", _version_text(field, text, 256 * KIB)
        yield (
            f"a line of requirements of {name}",
            _version_text("requirements", text + "@", 256 * KIB),
        )
    yield (
        "a line of requirements that ends in an address",
        Parser(lambda size: version(requirements="a" * size + "@"), _described, 256 * KIB),
    )
    yield "lines of requirements", _version_text("requirements", "numpy==2\n", 256 * KIB)
    yield "blank lines of requirements", _version_text("requirements", " #\n", 256 * KIB)
    yield (
        "parameters",
        Parser(
            lambda size: version(parameters={f"p/{n}": "v" for n in range(size)}),
            _described,
            1_000,
        ),
    )
    yield "files of a model", Parser(_two_models, judged, 10_000)
    yield (
        "the tree hash of files",
        Parser(
            lambda size: {f"f{n}": FileHash("a" * 64, n) for n in range(size)},
            hashing.tree_hash,
            10_000,
        ),
    )
    for name, text in YAMLS.items():
        yield f"MLmodel of {name}", Parser(_yaml(text), hashing.texts_of, 256 * KIB)
    yield (
        "requirements as they are read",
        Parser(lambda size: {"requirements.txt": b" #" * (size // 2)}, hashing.texts_of, 256 * KIB),
    )


YAMLS = {
    "colons": "1:",
    "commas in a mapping": "{a,",
    "commas": "a,",
    "question marks": "? ",
    "brackets": "[",
    "dashes": "- ",
    "escapes": '"\\n',
    "keys": " k: v\n",
    "folded lines": " b\n",
    "anchors": " &a b:\n",
    "references": "*a ",
    "documents": "---\n",
    "tags": "!!int ",
    "merges": "<<: ",
    "hashes": "#",
}


def _yaml(text: str) -> Callable[[int], dict[str, bytes]]:
    return lambda size: {"MLmodel": f"signature: {repeated(text)(size)}".encode()}


def _version_text(field: str, text: str, full: int) -> Parser:
    def make(size: int) -> Any:
        written: Any = repeated(text)(size)
        given: dict[str, Any] = {field: {"snapshot": written} if field == "tags" else written}
        return version(**given)

    return Parser(make, _described, full)


def _described(given: Any) -> object:
    reading = Reading(World(), NOW)
    offered = Offered(fraud.entry(dataSnapshotTag="snapshot").spec, sides())
    facts = version_facts(reading, given, offered, declared=False)
    return facts, [read() for read in details_of(given).values()]


def _two_models(size: int) -> World:
    given = both(server(PRODUCTION, "12"), server(STAGING, "7"))
    for environment, number in (("production", "12"), ("staging", "7")):
        files = {f"f{n}": number for n in range(size)}
        given.register(environment, version(number, files=files))
    return given
