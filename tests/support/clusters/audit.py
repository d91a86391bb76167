"""What an API server records of who requests what: proof that an identity only reads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LOG = "audit.log"
_READS = frozenset({"get", "list", "watch"})
_OWN_RIGHTS = "/apis/authorization.k8s.io/v1/selfsubject"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: ``code`` is the HTTP status of its answer."""

    verb: str
    path: str
    code: int

    @property
    def is_write(self) -> bool:
        """Whether it asked for a change; a question about one's own rights is none."""
        return self.verb not in _READS and not self.path.startswith(_OWN_RIGHTS)


def audited(folder: Path) -> tuple[str, ...]:
    """Flags of an API server that records all requests in this folder."""
    policy, log = folder / "audit.yaml", folder / _LOG
    rules = {"rules": [{"level": "Metadata"}], "omitStages": ["RequestReceived"]}
    head = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}
    policy.write_text(json.dumps(head | rules))
    log.touch()
    return f"--audit-policy-file={policy}", f"--audit-log-path={log}"


def recorded(folder: Path, user: str) -> Iterator[Recorded]:
    """The requests of users whose name begins so, in order. ``folder``: the one of ``audited``."""
    whole, _, _ = (folder / _LOG).read_text().rpartition("\n")  # the last line may be half written
    for line in whole.splitlines():
        event = json.loads(line)
        if event["user"].get("username", "").startswith(user):
            code = (event.get("responseStatus") or {}).get("code", 0)
            yield Recorded(event["verb"], event["requestURI"], code)
