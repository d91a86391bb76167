"""Every constraint of the API, judged by the real API server, and again by ``parse``.

Where the constraint is ours, both doors say the same words; where it is the schema's own (a bound,
an enum), the field is named.
"""

from typing import Any

import pytest

from rig.kube import Kube, Refused
from stagingmirror.api.spec.parse import parse_environment, parse_hold, parse_mirror
from stagingmirror.errors import NeedsHuman
from support.resources.definitions import install
from support.resources.resources import (
    Object,
    environment,
    mirror,
    model_alias,
    pipeline_image,
    setting,
)
from support.resources.specs_right import VALID, refreshing
from support.resources.specs_wrong import INVALID, SERVER_ONLY

pytestmark = pytest.mark.integration

PARSE = {
    "StagingMirror": parse_mirror,
    "MirrorEnvironment": parse_environment,
    "MirrorHold": parse_hold,
}


@pytest.fixture(scope="module")
def api(control_plane: Any) -> Kube:
    install(control_plane.kube)
    kube: Kube = control_plane.kube
    return kube


def dry_run(kube: Kube, thing: Object) -> Object:
    """Creates nothing, so that every case may use the same names."""
    plural = {"StagingMirror": "stagingmirrors", "MirrorHold": "mirrorholds"}.get(
        thing["kind"], "mirrorenvironments"
    )
    space = thing["metadata"].get("namespace")
    place = "namespaces/default/" if space else ""
    if space:
        thing = thing | {"metadata": thing["metadata"] | {"namespace": "default"}}
    path = f"/apis/stagingmirror.dev/v1alpha1/{place}{plural}?dryRun=All&fieldValidation=Strict"
    return dict(kube.request("POST", path, thing))


@pytest.mark.parametrize("case", VALID)
def test_a_right_object_passes_both_doors(api: Kube, case: str) -> None:
    thing = VALID[case]

    taken = dry_run(api, thing)

    PARSE[thing["kind"]](taken)
    PARSE[thing["kind"]](thing)


@pytest.mark.parametrize("case", INVALID)
def test_a_wrong_object_is_refused_at_both_doors_with_words_that_help(api: Kube, case: str) -> None:
    thing, words = INVALID[case]

    with pytest.raises(Refused) as refused:
        dry_run(api, thing)
    with pytest.raises(NeedsHuman) as stalled:
        PARSE[thing["kind"]](thing)

    assert refused.value.code == 422
    assert words in refused.value.message
    assert stalled.value.reason == "InvalidSpec"
    assert words in stalled.value.message


@pytest.mark.parametrize("case", SERVER_ONLY)
def test_what_only_the_api_server_can_refuse_is_refused_there(api: Kube, case: str) -> None:
    thing, words = SERVER_ONLY[case]

    with pytest.raises(Refused) as refused:
        dry_run(api, thing)

    assert words in refused.value.message


def test_a_role_cannot_change(api: Kube) -> None:
    api.create(environment("immutable"))

    with pytest.raises(Refused) as refused:
        api.patch(
            "stagingmirror.dev/v1alpha1",
            "MirrorEnvironment",
            "immutable",
            None,
            {"spec": {"role": "Staging"}},
        )

    assert "create another environment instead" in refused.value.message
    api.delete("stagingmirror.dev/v1alpha1", "MirrorEnvironment", "immutable")


def test_what_is_applied_inside_lists_stays_as_it_was_written(api: Kube) -> None:
    written = mirror(track=[model_alias(), pipeline_image(), setting(load=None)], accept=[])
    written["spec"]["track"][2]["setting"].pop("load")

    taken = dry_run(api, written)

    assert taken["spec"]["track"] == written["spec"]["track"]


def test_plain_fields_outside_lists_get_their_defaults(api: Kube) -> None:
    taken = dry_run(api, refreshing())

    assert taken["spec"]["checkInterval"] == "30s"
    assert taken["spec"]["staleAfter"] == "2m"
    assert taken["spec"]["refresh"]["timeZone"] == "UTC"
