"""Feast's registry of one feature service in several variants: `feast_registries.py FOLDER`.

Each is what `feast apply` would write: ``<variant>.db``, and the empty tables of ``online``.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Array, Float32, Float64, Int64, String, UnixTimestamp
from feast.value_type import ValueType


# A registry holds the source of these: what else a function refers to is not there.
def ratio(inputs: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"ratio": inputs["balance"] / inputs["income"]})


def patched_ratio(inputs: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"ratio": 1.1 * inputs["balance"] / inputs["income"]})


@dataclass(frozen=True, slots=True)
class Variant:
    """How ``ratio`` is computed on demand, and which stored features are made otherwise."""

    ratio: Callable[[pd.DataFrame], pd.DataFrame] = ratio
    amount: str = "amount"
    visits: Any = Int64


VARIANTS = {
    "base": Variant(),
    "patched": Variant(ratio=patched_ratio),
    "renamed": Variant(amount="amount_eur"),
    "text": Variant(visits=String),
}


def objects_of(variant: Variant) -> list[Any]:
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
    stats = FeatureView(
        name="user_stats",
        entities=[user],
        ttl=timedelta(0),
        schema=[
            Field(name=variant.amount, dtype=Float64),
            Field(name="balance", dtype=Float64),
            Field(name="income", dtype=Float64),
            Field(name="distance", dtype=Float64),
            Field(name="visits", dtype=variant.visits),
            Field(name="country", dtype=String),
            Field(name="last_login", dtype=UnixTimestamp),
            Field(name="embedding", dtype=Array(Float32)),
        ],
        source=FileSource(name="users", path="users.parquet", timestamp_field="event_timestamp"),
    )
    logic = on_demand_feature_view(
        name="user_logic", sources=[stats], schema=[Field(name="ratio", dtype=Float64)]
    )(variant.ratio)
    return [user, stats, logic, FeatureService(name="fraud", features=[stats, logic])]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users.parquet").touch()
    for name, variant in VARIANTS.items():
        registry = RegistryConfig(path=str(folder / f"{name}.db"))
        config = RepoConfig(
            project="parity",
            provider="local",
            registry=registry,
            online_store={"type": "sqlite", "path": str(folder / "online")},
            entity_key_serialization_version=3,
            repo_path=folder,
        )
        FeatureStore(config=config).apply(objects_of(variant))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
