"""References to images, and digests as nodes report them."""

from dataclasses import dataclass

_ALGORITHM = "sha256:"


@dataclass(frozen=True, slots=True)
class Reference:
    """``repository[:tag][@digest]``, taken apart. A tag beside a digest only helps people."""

    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        name, _, digest = text.partition("@")
        head, slash, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        return cls(f"{head}{slash}{last}", tag or None, digest or None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def digest_of(image_id: str) -> tuple[str, bool] | None:
    """The digest in a node's ``imageID``, and whether a registry knows it. None: there is none.

    The repository in it proves nothing: a node may name another one that holds the same content. An
    image that was never pulled has only the digest of its configuration (``sha256:…`` alone).
    """
    _, at, pulled = image_id.rpartition("@")
    if at:
        return (pulled, True) if pulled else None
    local = image_id.rpartition("://")[2]
    return (local, False) if local.startswith(_ALGORITHM) else None
