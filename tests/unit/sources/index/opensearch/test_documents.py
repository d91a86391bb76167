"""Documents, whose texts are hashed and whose vectors are kept as stored."""

from stagingmirror.sources.index.opensearch.documents import document_of
from support.index.ground import PLANTED

VECTORS = frozenset({"vec", "passages.vec", "a.b"})


def test_vectors_are_kept_and_no_text_is() -> None:
    found = document_of({"text": PLANTED, "vec": [1, 0.5]}, VECTORS)

    assert found.vectors == {"vec": (1.0, 0.5)}
    assert PLANTED not in repr(found)


def test_another_text_is_another_document_and_the_order_of_fields_is_none() -> None:
    one = document_of({"a": 1, "text": "x", "vec": [1]}, VECTORS)

    assert one == document_of({"vec": [1], "text": "x", "a": 1}, VECTORS)
    assert one.fields != document_of({"a": 1, "text": "y", "vec": [1]}, VECTORS).fields
    assert one.fields == document_of({"a": 1, "text": "x", "vec": [2]}, VECTORS).fields


def test_a_document_without_its_vector_is_another() -> None:
    one, other = document_of({"vec": [1]}, VECTORS), document_of({}, VECTORS)

    assert one.fields != other.fields
    assert other.vectors == {}


def test_each_vector_of_a_list_stands_at_its_place() -> None:
    passages = [{"vec": [1], "text": "a"}, {"text": "b"}, {"vec": [2]}]

    found = document_of({"passages": passages, "a": {"b": [3]}}, VECTORS)

    assert found.vectors == {"passages[0].vec": (1.0,), "passages[2].vec": (2.0,), "a.b": (3.0,)}


def test_what_is_no_list_of_numbers_is_no_vector() -> None:
    assert document_of({"vec": ["x"], "a": {"b": None}}, VECTORS).vectors == {}
