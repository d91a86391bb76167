"""A folder in a real bucket."""

import secrets

import pytest

from rig.stores.object_store import PRODUCTION, ObjectStore
from support.objectstore.reading import FILES


@pytest.fixture
def folder(object_store: ObjectStore) -> str:
    """A folder of production's bucket that has the files."""
    name = f"models/{secrets.token_hex(4)}"
    for path, data in FILES.items():
        object_store.put(PRODUCTION, f"{name}/{path}", data)
    return name
