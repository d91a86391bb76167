"""What only a human can mend is told with the mirror's own field and the remedy."""

from typing import Any

import pytest

from stagingmirror.engine.check.blockers import Blockers, find
from stagingmirror.engine.environments.resolve import sides_of
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import key_of, spec_of
from stagingmirror.errors import NeedsHuman
from support.kinds.builders import proving
from support.resources import resources

SPACE = "ml-staging"
READABLE = {"configMaps": ["training-data"]}


def environment(name: str, role: str, namespace: str, **spec: Any) -> Any:
    given = {"namespaces": [namespace], "readable": READABLE} | spec
    body = resources.environment(name, role, **given)
    body["metadata"] |= {"uid": f"uid-{name}", "resourceVersion": "1", "generation": 1}
    return body


PRODUCTION = environment("production", "Production", "ml-prod")
STAGING = environment("staging", "Staging", SPACE)


def stalls(*environments: Any, **spec: Any) -> Blockers:
    """Those of a mirror that refreshes, unless ``spec`` says otherwise. Raises NeedsHuman."""
    body = resources.mirror("fraud", SPACE, **({"refresh": {"schedule": "@daily"}} | spec))
    body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
    cache = ResourceCache()
    for each in (PRODUCTION, STAGING, *environments):
        cache.put("mirrorenvironments", {**each, "metadata": {**each["metadata"]}})
    cache.put("stagingmirrors", body)
    claims = Claims(cache, lambda one, other: one == other, lambda *_: None)
    claims.update(body)
    parsed = spec_of(cache, body)
    sides = sides_of(cache, key_of(body), parsed)
    return find(key_of(body), parsed, sides, claims=claims, view=proving(False))


def changed(body: Any, **spec: Any) -> Any:
    return {
        **body,
        "metadata": {**body["metadata"], "resourceVersion": "2", "generation": 2},
        "spec": {**body["spec"], **spec},
    }


# Environments


@pytest.mark.parametrize(
    ("environment_", "message"),
    [
        (
            changed(PRODUCTION, usableFrom=["ml-stagin"]),
            'spec.production.environment: environment "production" does not list namespace '
            "ml-staging in usableFrom; ask its owner to add it, or correct the name.",
        ),
        (
            changed(PRODUCTION, namespaces=["other"]),
            'spec.production.namespace: environment "production" does not list namespace ml-prod '
            "in namespaces; ask its owner to add it, or correct the name.",
        ),
        (
            changed(STAGING, namespaces=["other"]),
            'spec.staging.environment: environment "staging" does not list namespace ml-staging '
            "in namespaces; ask its owner to add it, or correct the name.",
        ),
    ],
)
def test_an_environment_that_may_not_be_used_names_the_mirrors_own_field(
    environment_: Any, message: str
) -> None:
    with pytest.raises(NeedsHuman) as caught:
        stalls(environment_)

    assert caught.value.reason == "EnvironmentNotUsable"
    assert caught.value.message == message


def test_a_namespace_that_is_productions_names_what_may_be_taken_out() -> None:
    why = stalls(environment("other", "Production", SPACE)).whole

    assert why is not None
    assert why.message.startswith("spec.refresh: namespace ml-staging is listed by Production env")
    assert why.message.endswith("or remove spec.refresh.")


# Overlap


def test_two_entries_of_one_mirror_that_write_one_field_stall_it_and_both_are_named() -> None:
    why = stalls(track=[resources.setting("data"), resources.setting("again")]).whole

    assert why is not None
    assert why.reason == "Overlap"
    assert "track[again] writes ConfigMap training-data snapshot" in why.message
    assert "track[data]" in why.message


def test_an_entry_that_only_reports_may_look_at_what_another_one_writes() -> None:
    reported = resources.setting("again") | {"mode": "Report"}

    assert stalls(track=[resources.setting(), reported]).first is None


# Readable

HIDING = changed(PRODUCTION, readable={})


def test_an_entry_that_no_refresh_can_follow_stalls_the_mirror_and_is_compared_all_the_same() -> (
    None
):
    found = stalls(HIDING)

    assert found.first is not None
    assert (found.first.reason, found.whole, found.components) == ("NotReadable", None, {})
    assert found.first.message == (
        "track[training-data]: ConfigMap training-data is not listed in readable.configMaps of "
        'environment "production"; its values are compared, but neither shown nor copied. List it '
        "there, or set mode: Report."
    )


@pytest.mark.parametrize(
    "spec",
    [{"refresh": None}, {"track": [resources.setting() | {"mode": "Report"}]}],
    ids=["a mirror that only watches", "an entry that only reports"],
)
def test_what_is_never_written_need_not_be_readable(spec: dict[str, Any]) -> None:
    assert stalls(HIDING, **spec).first is None
