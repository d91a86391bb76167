"""The library's client of a bucket, by cloud.

obstore takes what it is not given from variables of the process (``AWS_…``, ``GOOGLE_…``,
``AZURE_…``): so it is given all that decides where a request goes and as whom, but for the identity
of the pod where the store names none.
"""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from obstore.store import AzureStore, GCSStore, S3Store

from stagingmirror.api.spec.environment.location import Cloud
from stagingmirror.api.spec.environment.object_store import ObjectStore, place_of
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.role import RoleCredentials

Variables = Mapping[str, str]
Store = S3Store | GCSStore | AzureStore

_SERVICE_ACCOUNT = "GOOGLE_SERVICE_ACCOUNT_KEY"
# Of a service account's key; all else in it is left out, e.g. where requests would go.
_OF_KEY = ("private_key", "private_key_id", "client_email")
# They would count before a Secret's key, and cannot be overruled.
_OVERRULE = ("GOOGLE_BEARER_TOKEN", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH")
# The names of credentials that each let us in, in the order of choice.
_KEYS: dict[Cloud, tuple[tuple[str, ...], ...]] = {
    "s3": (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),),
    "gs": ((_SERVICE_ACCOUNT,),),
    "az": (
        ("AZURE_STORAGE_ACCESS_KEY",),
        ("AZURE_STORAGE_SAS_TOKEN",),
        ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    ),
}
# Where a proxy is named, those of variables do not count; all hosts are excepted from this one.
_NO_PROXY = "http://127.0.0.1:1"
# Requests are sent again after errors that pass, within this time (s).
_RETRIES, _RETRIED_FOR = 3, 10.0


class Times(NamedTuple):
    connect: timedelta
    idle: timedelta
    whole: timedelta


def incomplete(store: ObjectStore, variables: Variables) -> Why | None:
    """Why a Secret does not let us in to a store of its cloud."""
    cloud, secret = place_of(store).cloud, store.credentials_secret_ref
    choices = _KEYS[cloud]
    if any(all(variables.get(key) for key in keys) for keys in choices):
        return None
    wanted = ", or ".join(" and ".join(keys) for keys in choices)
    name = secret.name if secret is not None else ""
    return Why(
        Reason.SECRET_INCOMPLETE,
        f"objectStores[{store.name}]: Secret {name} must hold {wanted} for {cloud}://.",
    )


def endpoint_of(store: ObjectStore) -> str:
    """Also where the store names none: else a variable of the process would count."""
    place = place_of(store)
    ours: dict[Cloud, str] = {
        "s3": f"https://s3.{_region(store)}.amazonaws.com",
        "gs": "https://storage.googleapis.com",
        "az": f"https://{place.bucket.partition('/')[0]}.blob.core.windows.net",
    }
    return (store.endpoint or ours[place.cloud]).rstrip("/")


def open_store(
    store: ObjectStore, variables: Variables | None, times: Times, role: RoleCredentials | None
) -> Store:
    """``variables``: of the store's Secret; None: it has none. Makes no call. Raises NeedsHuman,
    or what the library raises for an address or certificate that cannot be right.
    """
    client: Any = {
        "allow_http": endpoint_of(store).startswith("http://"),
        "connect_timeout": times.connect,
        "read_timeout": times.idle,
        "timeout": times.whole,
        "user_agent": "stagingmirror",
    }
    if store.ca_bundle is not None:
        client["root_certificate"] = client["proxy_ca_certificate"] = store.ca_bundle
    if store.proxy_url is not None:
        client["proxy_url"] = store.proxy_url
    elif client["allow_http"]:
        # Else one of the variable HTTP_PROXY would read what lets us in.
        client |= {"proxy_url": _NO_PROXY, "proxy_excludes": "*,0.0.0.0/0,::/0"}
    retries = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRIED_FOR)}
    given = {"client_options": client, "retry_config": retries}
    match place_of(store).cloud:
        case "gs":
            return _gs(store, variables, **given)
        case "az":
            return _az(store, variables, **given)
        case "s3":
            return _s3(store, variables, role, **given)


def _s3(
    store: ObjectStore, variables: Variables | None, role: RoleCredentials | None, **client: Any
) -> S3Store:
    endpoint = endpoint_of(store)
    config: Any = {
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "region": _region(store),
        "skip_signature": store.anonymous,
        "virtual_hosted_style_request": False,
        "s3_express": False,
    }
    if role is not None:
        client["credential_provider"] = role.provide
    elif variables is not None:
        # Not in ``config``: a token in a variable of the process would be sent with our key.
        client["credential_provider"] = lambda: {
            "access_key_id": variables["AWS_ACCESS_KEY_ID"],
            "secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
            "token": variables.get("AWS_SESSION_TOKEN"),
            "expires_at": None,
        }
    return S3Store(place_of(store).bucket, config=config, **client)


def _gs(store: ObjectStore, variables: Variables | None, **client: Any) -> GCSStore:
    config: Any = {"base_url": endpoint_of(store), "skip_signature": store.anonymous}
    if variables is not None:
        if there := [name for name in _OVERRULE if name in os.environ]:
            raise NeedsHuman(
                Reason.SECRET_INVALID,
                f"objectStores[{store.name}]: the operator's variable {there[0]} would count before"
                " credentialsSecretRef; remove it from extraEnv",
            )
        config["service_account_key"] = _service_account(store.name, variables[_SERVICE_ACCOUNT])
    return GCSStore(place_of(store).bucket, config=config, **client)


def _az(store: ObjectStore, variables: Variables | None, **client: Any) -> AzureStore:
    account, _, container = place_of(store).bucket.partition("/")
    config: Any = {
        "account_name": account,
        "endpoint": endpoint_of(store),
        "skip_signature": store.anonymous,
        "use_emulator": False,
        "use_fabric_endpoint": False,
        "use_azure_cli": False,
    }
    if variables is not None:
        config |= _azure_login(variables)
    return AzureStore(container, config=config, **client)


def _azure_login(variables: Variables) -> dict[str, str]:
    if key := variables.get("AZURE_STORAGE_ACCESS_KEY"):
        return {"credential_type": "access_key", "account_key": key}
    if token := variables.get("AZURE_STORAGE_SAS_TOKEN"):
        return {"credential_type": "sas_token", "sas_key": token.lstrip("?")}
    return {
        "credential_type": "client_secret",
        "tenant_id": variables["AZURE_TENANT_ID"],
        "client_id": variables["AZURE_CLIENT_ID"],
        "client_secret": variables["AZURE_CLIENT_SECRET"],
        "authority_host": "https://login.microsoftonline.com",
    }


def _service_account(name: str, text: str) -> str:
    """Raises NeedsHuman. Nothing of the text is in the error."""
    try:
        found = json.loads(text)
        return json.dumps({key: str(found[key]) for key in _OF_KEY})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NeedsHuman(
            Reason.SECRET_INVALID,
            f"objectStores[{name}]: {_SERVICE_ACCOUNT} is not the JSON key of a service account, "
            f"with {', '.join(_OF_KEY)}",
        ) from None


def _region(store: ObjectStore) -> str:
    return store.region or "us-east-1"
