"""What is read out of mappings and settings, of both products."""

from typing import Any

import pytest

from stagingmirror.sources.index.opensearch.facts import (
    facts_of,
    keeps_source,
    manifest_in,
    vector_names,
)
from stagingmirror.sources.index.store import IndexFacts, Mark, VectorField

METHOD = {
    "name": "hnsw",
    "engine": "faiss",
    "space_type": "innerproduct",
    "parameters": {"m": 16, "ef_construction": 100, "encoder": {"name": "sq"}},
}


def facts(
    properties: dict[str, Any], settings: dict[str, Any] | None = None, **mappings: Any
) -> IndexFacts:
    found = {
        "mappings": {"properties": properties, **mappings},
        "settings": {"index": settings or {}},
    }
    return facts_of("docs-2", found, "OpenSearch 2.19.1", None)


def vector(**field: Any) -> VectorField:
    (found,) = facts({"vec": field}).vectors
    return found


def test_a_knn_vector_with_its_method_shows_all() -> None:
    assert vector(type="knn_vector", dimension=768, method=METHOD) == VectorField(
        "vec",
        768,
        "ip",
        "hnsw/faiss",
        {"m": "16", "ef_construction": "100", "encoder.name": "sq"},
    )


def test_a_knn_vector_without_method_hides_metric_and_engine() -> None:
    assert vector(type="knn_vector", dimension=4) == VectorField("vec", 4, None, None)


def test_a_space_beside_the_method_counts() -> None:
    found = vector(type="knn_vector", dimension=4, space_type="cosinesimil", mode="on_disk")

    assert (found.metric, found.parameters) == ("cosine", {"mode": "on_disk"})


def test_a_vector_of_a_trained_model_has_no_dimensions_here() -> None:
    found = vector(type="knn_vector", model_id="m-1")

    assert (found.dimensions, found.parameters) == (None, {"model_id": "m-1"})


@pytest.mark.parametrize(
    ("similarity", "metric"),
    [("cosine", "cosine"), ("dot_product", "ip"), ("max_inner_product", "ip"), ("l2_norm", "l2")],
)
def test_a_dense_vector_of_elasticsearch(similarity: str, metric: str) -> None:
    options = {"type": "int8_hnsw", "m": 16, "ef_construction": 100}

    found = vector(type="dense_vector", dims=3, similarity=similarity, index_options=options)

    assert (found.dimensions, found.metric, found.index) == (3, metric, "int8_hnsw")
    assert found.parameters == {"similarity": similarity, "m": "16", "ef_construction": "100"}


def test_a_dense_vector_that_has_seen_no_document_tells_nothing() -> None:
    assert vector(type="dense_vector") == VectorField("vec", None, None, None)


def test_vectors_below_others_are_known_by_their_path() -> None:
    passages = {"type": "nested", "properties": {"vec": {"type": "knn_vector", "dimension": 3}}}
    title = {"type": "text", "fields": {"vec": {"type": "dense_vector", "dims": 2}}}

    found = facts({"passages": passages, "title": title})

    assert [each.name for each in found.vectors] == ["passages.vec", "title.vec"]


def test_settings_are_those_that_change_results() -> None:
    analyzer = {"mine": {"type": "custom", "filter": ["lowercase", "stop"]}}
    found = facts(
        {},
        {
            "knn": "true",
            "knn.algo_param": {"ef_search": "64"},
            "analysis": {"analyzer": analyzer},
            "similarity": {"default": {"type": "BM25", "b": "0.5"}},
            "number_of_replicas": "3",
            "search": {"default_pipeline": "rerank", "slowlog": {"level": "info"}},
        },
    ).settings

    assert {key: found[key] for key in found if key != "mapping"} == {
        "knn": "true",
        "knn.algo_param.ef_search": "64",
        "analysis.analyzer.mine.type": "custom",
        "analysis.analyzer.mine.filter": '["lowercase", "stop"]',
        "similarity.default.type": "BM25",
        "similarity.default.b": "0.5",
        "search.default_pipeline": "rerank",
    }


def test_another_analyzer_of_a_field_is_another_mapping_and_another_vector_is_not() -> None:
    def mapping(analyzer: str, dimension: int) -> str:
        text = {"type": "text", "analyzer": analyzer}
        vec = {"type": "knn_vector", "dimension": dimension}
        return facts({"text": text, "vec": vec}).settings["mapping"]

    assert mapping("english", 3) == mapping("english", 4)
    assert mapping("english", 3) != mapping("german", 3)


def test_long_and_many_settings_are_digests() -> None:
    synonyms = {"filter": {"s": {"synonyms": ["a, b"] * 10_000}}}
    many = {"analyzer": {f"a{number}": {"type": "custom"} for number in range(1_000)}}

    long = facts({}, {"analysis": synonyms}).settings["analysis.filter.s.synonyms"]
    assert long.startswith("sha256:")
    assert set(facts({}, {"analysis": many}).settings) == {"all", "mapping"}


def test_a_mapping_that_nests_without_end_is_read_to_a_depth() -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(500):
        deep = {"type": "object", "properties": {"a": deep}}

    assert facts({"a": deep}).vectors == ()


def test_the_manifest_holds_what_is_text_and_short() -> None:
    assert manifest_in({"embeddingModel": "m@1", "tokenizer": 3, "other": "x"}) == {
        "embeddingModel": "m@1"
    }
    assert manifest_in({"embeddingModel": "x" * 257, "tokenizer": ""}) == {}


def test_the_mark_is_read_only_where_it_is_whole() -> None:
    mark = Mark("production", "docs-2", "id", 1.0, "r", 2.0, 3, "sha256:0")

    assert facts({}, _meta={"stagingmirror": mark.document()}).mark == mark
    assert facts({}, _meta={"stagingmirror": {"index": "docs-2"}}).mark is None
    assert facts({}, _meta="text").mark is None


@pytest.mark.parametrize(
    "source",
    [{"enabled": False}, {"enabled": "false"}, {"excludes": ["vec"]}, {"mode": "synthetic"}],
)
def test_an_index_that_leaves_something_out_of_its_source_is_known(source: Any) -> None:
    assert not keeps_source({"mappings": {"_source": source}})


def test_elasticsearch_may_leave_vectors_out_of_the_source() -> None:
    hidden = {"index": {"mapping": {"exclude_source_vectors": "true"}}}

    assert not keeps_source({"settings": hidden})
    assert keeps_source({"mappings": {}, "settings": {"index": {}}})


def test_only_vectors_are_vectors() -> None:
    properties = {"v": {"type": "knn_vector"}, "w": {"type": "rank_features"}, "x": "text"}

    assert vector_names({"mappings": {"properties": properties}}) == {"v"}
