"""What an API server's answer means."""

import json
from typing import Any

import pytest

from stagingmirror.errors import Conflicted, NotAllowed, NotAnswered, NotThere, Refused
from stagingmirror.sources.kubernetes.api.errors import (
    Expired,
    NotServed,
    error_of,
    items_of,
    object_of,
)

ASKED = "GET /api/v1/namespaces/ml/pods/x"


def status(code: int, reason: str = "", message: str = "", **details: Any) -> bytes:
    return json.dumps(
        {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    ).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind", "reason"),
    [
        (401, status(401, "Unauthorized"), NotAllowed, "Unauthorized"),
        (403, status(403, "Forbidden", 'User "x" cannot list'), NotAllowed, "Forbidden"),
        (403, b"<html>", NotAllowed, "Forbidden"),
        (403, status(403, "Forbidden", "exceeded quota: q"), Refused, "QuotaExceeded"),
        (
            403,
            status(403, "Forbidden", causes=[{"reason": "NamespaceTerminating"}]),
            Refused,
            "NamespaceTerminating",
        ),
        (403, status(403, "Forbidden", 'admission webhook "w"'), Refused, "AdmissionDenied"),
        (
            *(403, status(403, "Forbidden", "ValidatingAdmissionPolicy 'p' denied request")),
            *(Refused, "AdmissionDenied"),
        ),
        (404, status(404, "NotFound", name="x"), NotThere, "NotFound"),
        (404, status(404, "NotFound"), NotServed, "ClusterNotAnswering"),
        (404, b"not found", NotServed, "ClusterNotAnswering"),
        (409, status(409, "Conflict"), Conflicted, "Conflict"),
        (409, status(409, "AlreadyExists"), Conflicted, "AlreadyExists"),
        (410, status(410, "Expired"), Expired, "Expired"),
        (422, status(422, "Invalid"), Refused, "Invalid"),
        (400, b"", Refused, "Invalid"),
        (429, b"", NotAnswered, "ClusterNotAnswering"),
        (500, b"boom", NotAnswered, "ClusterNotAnswering"),
        (301, b"", NotAnswered, "ClusterNotAnswering"),
    ],
)
def test_each_status_is_one_sort_of_error(
    code: int, body: bytes, kind: type[Exception], reason: str
) -> None:
    error = error_of(code, body, ASKED)

    assert type(error) is kind
    assert error.reason == reason
    assert ASKED in error.message


def test_a_message_names_invalid_fields_but_never_quotes_the_server() -> None:
    causes = [{"field": "spec.replicas", "message": "Invalid value: hunter2"}]

    error = error_of(422, status(422, "Invalid", "hunter2 is invalid", causes=causes), ASKED)

    assert "spec.replicas" in error.message
    assert "hunter2" not in error.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"kind": "Pod"', b"{}", b"\xff\xfe"])
def test_garbage_is_no_answer(body: bytes) -> None:
    with pytest.raises(NotAnswered):
        object_of(body, ASKED)


def items(body: bytes) -> list[Any]:
    (_, first), *rest = items_of(body, ASKED, lambda item: item["n"])
    assert first is None
    return [item for _, item in rest]


PAGE = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_items_come_one_after_another_however_the_list_is_written(
    count: int, separators: tuple[str, str]
) -> None:
    page = PAGE | {"items": [{"n": n} for n in range(count)]}

    body = json.dumps(page, separators=separators).encode()

    assert items(body) == list(range(count))
    assert next(items_of(body, ASKED, dict))[0] == {"resourceVersion": "7"}


def test_null_items_are_no_items() -> None:
    assert items(json.dumps(PAGE | {"items": None}).encode()) == []


@pytest.mark.parametrize("cut", range(40, 110, 3))
def test_a_list_that_breaks_off_is_no_answer_wherever_it_does(cut: int) -> None:
    page = PAGE | {"items": [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]}
    body = json.dumps(page, separators=(",", ":")).encode()
    assert cut < len(body) - 2

    with pytest.raises(NotAnswered):
        items(body[:cut])


@pytest.mark.parametrize(
    "page",
    [
        {"items": [{"n": 1}, {}]},
        {"items": [{"n": 1}, None]},
        {"items": ["n"]},
        {"items": [[{"n": 1}]]},
        {"items": {"n": 1}},
        {"items": 7},
        {"items": "n"},
        {"items": [{"n": 1}], "metadata": "7"},
        {"items": None, "metadata": ["7"]},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_garbage_in_a_list_is_no_answer(page: dict[str, Any], separators: tuple[str, str]) -> None:
    with pytest.raises(NotAnswered):
        items(json.dumps(PAGE | page, separators=separators).encode())


def test_an_answer_that_is_no_list_is_no_empty_list() -> None:
    with pytest.raises(NotAnswered):
        items(b'{"kind": "Pod", "metadata": {}}')


def test_a_list_of_custom_resources_has_its_metadata_behind_its_items() -> None:
    body = (
        b'{"apiVersion":"stagingmirror.dev/v1alpha1","items":[{"a":["],\\"kind\\":"]},{"b":2}],'
        b'"kind":"StagingMirrorList","metadata":{"continue":"c","resourceVersion":"7"}}\n'
    )

    (metadata, _), *items = items_of(body, "GET /x", lambda item: item)

    assert metadata == {"continue": "c", "resourceVersion": "7"}
    assert [item for _, item in items] == [{"a": ['],"kind":']}, {"b": 2}]
