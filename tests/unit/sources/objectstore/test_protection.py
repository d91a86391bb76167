"""What of staging's stores may be production's under another name. No server is called."""

import time

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.engine.environments.resolve import protected_stores
from stagingmirror.errors import StepFailed
from stagingmirror.settings import Settings
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from support.resources import resources

AWS = "https://s3.eu-central-1.amazonaws.com"
MINIO = "http://minio.storage.svc:9000"


def refuse(staging: dict[str, str], production: dict[str, str]) -> None:
    body = resources.environment("production", "Production")
    body["spec"]["objectStores"] = [{"name": "theirs", **production}]
    store = {"name": "ours", "anonymous": True, **staging}
    spec = MirrorEnvironmentSpec.model_validate({"role": "Staging", "objectStores": [store]})
    stores = ObjectStoreSource(
        clock=time.time,
        on_change=lambda _: None,
        settings=Settings(),
        productions=lambda: protected_stores([body]),
    )
    stores.configure({"staging": spec}, {})
    stores.opened("staging", f"{staging['url']}/copies").refuse_writing()


@pytest.mark.parametrize(
    "production",
    [
        {"url": "s3://prod/x", "endpoint": AWS},
        {"url": "s3://models2"},
        {"url": "s3://models/copies2"},
        {"url": "s3://minio"},
        {"url": "s3://models/x", "endpoint": "http://127.0.0.1:9000"},
    ],
)
def test_a_place_that_is_not_productions_is_written(production: dict[str, str]) -> None:
    refuse({"url": "s3://models", "endpoint": AWS}, production)


@pytest.mark.parametrize(
    ("staging", "production"),
    [
        ({"url": "s3://prod", "endpoint": MINIO}, {"url": "s3://prod", "endpoint": AWS}),
        ({"url": "s3://prod/stg"}, {"url": "s3://prod", "region": "eu-central-1"}),
        ({"url": "s3://prod"}, {"url": "s3://prod/copies/deeper"}),
        # Its host, or the path of its address, names production's bucket.
        ({"url": "s3://stg", "endpoint": "https://prod.s3.amazonaws.com"}, {"url": "s3://prod"}),
        (
            {"url": "s3://stg", "endpoint": "https://PROD.eu.s3.amazonaws.com"},
            {"url": "s3://prod.eu/stg/copies"},
        ),
        ({"url": "s3://stg", "endpoint": f"{MINIO}/prod"}, {"url": "s3://prod"}),
        ({"url": "s3://stg", "endpoint": f"{MINIO}/s3/%70rod/"}, {"url": "s3://prod/stg"}),
        # Production's does, so that what is listed is a folder there.
        ({"url": "s3://prod"}, {"url": "s3://copies", "endpoint": "https://prod.s3.example"}),
        ({"url": "s3://prod/ab"}, {"url": "s3://ab", "endpoint": f"{MINIO}/prod"}),
        # Of Azure it names the account.
        (
            {"url": "az://stg/models", "endpoint": "https://prod.blob.core.windows.net"},
            {"url": "az://prod/models"},
        ),
        (
            {"url": "az://stg/models", "endpoint": "http://127.0.0.1:1/prod"},
            {"url": "az://prod/models"},
        ),
        # Which bucket an access point of AWS leads to is not known.
        ({"url": "s3://reports-7xk2p-s3alias"}, {"url": "s3://prod"}),
        ({"url": "s3://reports--ol-s3"}, {"url": "s3://prod"}),
    ],
)
def test_a_place_that_may_be_productions_is_not_written(
    staging: dict[str, str], production: dict[str, str]
) -> None:
    with pytest.raises(StepFailed) as raised:
        refuse(staging, production)

    assert raised.value.reason == "ProductionIsReadOnly"
