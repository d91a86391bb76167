"""Object stores of an environment, right ones and such that must be refused."""

from typing import Any

from support.resources.resources import Object, environment, mirror

BUCKET = "write s3://bucket, gs://bucket or az://account/container"
ENDPOINT = "endpoint must be http:// or https:// with a host, and without credentials"


def store(url: str = "s3://bucket", **more: Any) -> Object:
    return environment(objectStores=[{"name": "models", "url": url} | more])


def many(number: int) -> Object:
    return environment(
        objectStores=[{"name": f"s{n}", "url": f"s3://bucket-{n}"} for n in range(number)]
    )


ROLE = {"arn": "arn:aws-cn:iam::123456789012:role/ml/reader_1+=,.@-"}
RIGHT: dict[str, Object] = {
    "an object store as a role": environment(
        objectStores=[
            {
                "name": "models",
                "url": "s3://ml-prod-artifacts",
                "assumeRole": ROLE
                | {
                    "externalId": "of:us/2",
                    "region": "cn-north-1",
                    "endpoint": "https://sts.example",
                },
            },
        ]
    ),
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
    "an object store of Google": store("gs://ml_prod.artifacts/mlflow"),
    "an object store of Azure": store("az://mlprod/ml-artifacts/mlflow/1"),
    "an object store that is read slowly": store(maxRate="200Mi"),
    "an object store behind a proxy": store(proxyUrl="http://proxy.corp:3128"),
    "16 object stores": many(16),
    "an object store with all folders that may be listed": store(
        readable=[f"{number:0255}*" for number in range(32)]
    ),
}

FETCHED = (
    "loadedBy needs container and variable; the predictor of an InferenceService may be given "
    "without both"
)


def model_files(loaded: Object, **staging: Any) -> Object:
    files = {"production": {"loadedBy": [loaded]}, "staging": staging}
    return {"name": "files", "modelFiles": files}


WRONG: dict[str, tuple[Object, str]] = {
    "an object store of another scheme": (store("hf://bucket"), BUCKET),
    "an object store of Azure without its container": (store("az://mlprod"), BUCKET),
    "an object store of Azure by its host": (
        store("wasbs://artifacts@mlprod.blob.core.windows.net"),
        BUCKET,
    ),
    "an object store of Google in a region": (store("gs://bucket", region="eu"), "s3:// only"),
    "an object store that is read at no rate": (store(maxRate="0"), "at least 1M"),
    "an object store that is read byte by byte": (store(maxRate="100"), "at least 1M"),
    "an object store behind no proxy": (store(proxyUrl="proxy:3128"), "proxyUrl must be http://"),
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
    "an object store of Google as a role": (
        store("gs://bucket", assumeRole=ROLE),
        "assumeRole is for s3:// only",
    ),
    "a public object store as a role": (
        store(anonymous=True, assumeRole=ROLE),
        "remove assumeRole, or anonymous",
    ),
    "a role that is a user": (
        store(assumeRole={"arn": "arn:aws:iam::123456789012:user/reader"}),
        "ARN of a role",
    ),
    "a role at no address": (store(assumeRole=ROLE | {"endpoint": "sts"}), ENDPOINT),
    "an external id of words": (
        store(assumeRole=ROLE | {"externalId": "of us"}),
        "externalId has letters",
    ),
    "old copies to keep without a store": (
        mirror(track=[model_files({"kind": "InferenceService", "name": "s"}, keep=2)]),
        "keep needs store",
    ),
    "modelFiles of a Deployment without a variable": (
        mirror(track=[model_files({"kind": "Deployment", "name": "s"})]),
        FETCHED,
    ),
    "modelFiles of an InferenceService with a container alone": (
        mirror(track=[model_files({"kind": "InferenceService", "name": "s", "container": "c"})]),
        FETCHED,
    ),
    "modelFiles of a Deployment of staging without a variable": (
        mirror(
            track=[
                model_files(
                    {"kind": "InferenceService", "name": "s"},
                    loadedBy=[{"kind": "Deployment", "name": "s"}],
                )
            ]
        ),
        FETCHED,
    ),
    "17 object stores": (many(17), "objectStores"),
}
