"""The input example that was logged with a model version."""

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.artifacts import files_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.content.version_details import read_detail

# As the scoring server wants it, and as older clients log it; bytes of one that are read.
_NAMES = ("serving_input_example.json", "input_example.json")
_MOST = 1024 * 1024


async def read_input_example(
    server: MlflowServer, name: str, version: str, *, began: float
) -> bytes:
    """``began``: now (POSIX s). Raises errors of ``stagingmirror.errors``:
    NotAnswered(SamplesInvalid) where the version has none, or one that is too large.
    """
    record = await queries.get_version(server, name, version)
    detail = await read_detail(server, record, began=began)
    if isinstance(detail.root, Why):
        raise NotAnswered(detail.root.reason, detail.root.message)
    files = files_of(server, detail.root)
    listed = {each.path: each for each in await files.listing()}
    found = next((listed[each] for each in _NAMES if each in listed), None)
    if found is None:
        raise NotAnswered(
            Reason.SAMPLES_INVALID,
            f"version {version} of {name} was logged without an input example; log it with "
            "input_example, or name samples that are offered",
        )
    if found.size > _MOST:
        raise NotAnswered(
            Reason.SAMPLES_INVALID,
            f"the input example of version {version} of {name} has {found.size} bytes, and at most "
            f"{_MOST} are sent; log a smaller one",
        )
    return await _whole(files, found)


async def _whole(files: Files, file: StoredFile) -> bytes:
    whole = bytearray()
    async with files.open(file) as opened:
        async for block in opened.blocks:
            for chunk in block:
                whole += chunk
            if len(whole) > file.size:
                break
    if len(whole) != file.size:
        raise NotAnswered(Reason.HALF_READ, "the input example has another size than MLflow lists")
    return bytes(whole)
