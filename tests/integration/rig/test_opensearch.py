"""The rig's OpenSearch servers."""

import base64
import json
import secrets
import urllib.error
import urllib.request

import pytest

from rig.stores.opensearch import OpenSearch
from stagingmirror.sources.tls import trusting

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


def test_the_two_sides_are_two_clusters_that_share_a_folder_of_snapshots(
    opensearch_production: OpenSearch, opensearch_staging: OpenSearch
) -> None:
    sides = (opensearch_production, opensearch_staging)
    uuids = {each.call("GET", "/")["cluster_uuid"] for each in sides}
    name = f"shared-{secrets.token_hex(4)}"
    for each in sides:
        each.call(
            "PUT",
            f"/_snapshot/{name}",
            {
                "type": "fs",
                "settings": {"location": name, "readonly": each is opensearch_staging},
            },
        )

    taken = opensearch_production.call(
        "PUT", f"/_snapshot/{name}/one?wait_for_completion=true", {"indices": "none-*"}
    )

    seen = opensearch_staging.call("GET", f"/_snapshot/{name}/_all")["snapshots"]
    assert len(uuids) == 2
    assert [each["uuid"] for each in seen] == [taken["snapshot"]["uuid"]]


def test_an_account_may_do_what_its_role_says_and_no_more(
    opensearch_production: OpenSearch,
) -> None:
    name = f"account-{secrets.token_hex(4)}"
    opensearch_production.call("PUT", f"/{name}", {})
    right = ["indices:admin/get"]
    password = opensearch_production.account(
        name,
        {
            "cluster_permissions": [],
            "index_permissions": [{"index_patterns": [name], "allowed_actions": right}],
        },
    )

    assert _status(opensearch_production, f"/{name}", name, password) == 200
    assert _status(opensearch_production, f"/{name}/_count", name, password) == 403
    assert _status(opensearch_production, f"/{name}", name, "wrong") == 401


def _status(server: OpenSearch, path: str, name: str, password: str) -> int:
    login = base64.b64encode(f"{name}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{server.url}{path}", headers={"Authorization": f"Basic {login}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30, context=trusting(pem=server.ca)) as answer:
            json.loads(answer.read())
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
