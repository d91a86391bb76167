"""Object stores of an environment, right ones and such that must be refused."""

from typing import Any

from support.resources.resources import Object, environment

BUCKET = "write s3://bucket or s3://bucket/folder"
ENDPOINT = "endpoint must be http:// or https:// with a host, and without credentials"


def store(url: str = "s3://bucket", **more: Any) -> Object:
    return environment(objectStores=[{"name": "models", "url": url} | more])


def many(number: int) -> Object:
    return environment(
        objectStores=[{"name": f"s{n}", "url": f"s3://bucket-{n}"} for n in range(number)]
    )


RIGHT: dict[str, Object] = {
    "object stores": environment(
        objectStores=[
            {"name": "all", "url": "s3://ml-prod-artifacts", "anonymous": True},
            {
                "name": "models",
                "url": "s3://ml-prod-artifacts/mlflow/1_a.b=c@d+e:f-g/",
                "endpoint": "http://minio.ml-prod.svc:9000",
                "region": "eu-central-1",
                "credentialsSecretRef": {"name": "s3-production"},
                "readable": ["ranker/*", "*"],
                "caBundle": "PEM",
            },
        ]
    ),
    "16 object stores": many(16),
    "an object store with all folders that may be listed": store(
        readable=[f"{number:0255}*" for number in range(32)]
    ),
}

WRONG: dict[str, tuple[Object, str]] = {
    "an object store of another scheme": (store("gs://bucket"), BUCKET),
    "an object store without bucket": (store("s3://"), BUCKET),
    "an object store with credentials in its address": (store("s3://key:secret@bucket"), BUCKET),
    "an object store above its bucket": (store("s3://bucket/../other"), BUCKET),
    "an object store with an empty folder": (store("s3://bucket/a//b"), BUCKET),
    "an object store with a query": (store("s3://bucket/a?x=1"), BUCKET),
    "an object store at no address": (store(endpoint="minio:9000"), ENDPOINT),
    "an object store at a file": (store(endpoint="file:///etc"), ENDPOINT),
    "an object store with a login in its endpoint": (store(endpoint="http://u:p@minio"), ENDPOINT),
    "an object store in a region in words": (store(region="eu central"), "name of a region"),
    "an object store with a folder from its root": (store(readable=["/x"]), "folder below url"),
    "a public object store with credentials": (
        store(anonymous=True, credentialsSecretRef={"name": "s3"}),
        "remove credentialsSecretRef, or anonymous",
    ),
    "17 object stores": (many(17), "objectStores"),
}
