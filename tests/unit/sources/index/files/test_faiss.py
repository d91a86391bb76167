"""The first bytes of files that FAISS 1.15.1 wrote: 600 vectors of 32 dimensions."""

import pytest

from stagingmirror.sources.index.files.faiss import FaissHeader, header_of

REST = "20000000580200000000000000001000000000000000100000000000"
WRITTEN = {
    "Flat, inner product": (f"49784649{REST}0100000000", "flat", "ip"),
    "Flat, L2": (f"49784632{REST}0101000000", "flat", "l2"),
    "Flat, L1": (f"4978466c{REST}010200000000000000", "flat", "l1"),
    "HNSW16,Flat": (f"49484e66{REST}0100000000080000", "hnsw,flat", "ip"),
    "HNSW16,SQ8": (f"49484e73{REST}0101000000080000", "hnsw,sq", "l2"),
    "IVF4,PQ4x4": (f"49775051{REST}0100000000040000", "ivf,pq", "ip"),
    "IDMap,Flat": (f"49784d70{REST}010000000049784649", "flat", "ip"),
    "IDMap2,HNSW16,Flat": (f"49784d32{REST}010100000049484e66", "hnsw,flat", "l2"),
    "PCA16,Flat": (f"49785054{REST}0101000000010000", "IxPT", "l2"),
}


@pytest.mark.parametrize(("header", "kind", "metric"), WRITTEN.values(), ids=list(WRITTEN))
def test_a_header_says_what_was_built(header: str, kind: str, metric: str) -> None:
    assert header_of(bytes.fromhex(header)) == FaissHeader(kind, 32, 600, metric)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"IxFI",
        b"<!doctype html><html><head><title>Log in</title></head><body>",
        bytes(64),
        b"IxFI" + b"\xff" * 60,
        # An index of bits has another header.
        bytes.fromhex("49427846400000000800000005000000000000000101000000280000000000000000"),
    ],
)
def test_what_faiss_did_not_write_has_no_header(first: bytes) -> None:
    assert header_of(first.ljust(37, b"\0") if first else first) is None
