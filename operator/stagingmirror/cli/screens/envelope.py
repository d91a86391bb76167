"""The one shape of every ``-o json``. Pure.

``{"exitCode": …, "mirrors": [{"namespace": …, "name": …, "sync": …, "doubt": …, …}]}``: ``sync`` is
the verdict that may be believed, ``doubt`` why it is not the status' own (null: it is). What a
command adds is beside these, under the names that the API has for it.
"""

import json
from collections.abc import Iterable
from typing import Any

from stagingmirror.cli.read.mirror import Mirror


def one_mirror(mirror: Mirror, *, sync: str, doubt: str | None, **more: Any) -> dict[str, Any]:
    """One entry of ``mirrors``."""
    head = {"namespace": mirror.namespace, "name": mirror.name, "sync": sync, "doubt": doubt}
    return head | more


def document(mirrors: Iterable[dict[str, Any]], *, exit_code: int = 0) -> str:
    """The whole output; ``exitCode`` is that of the command."""
    whole = {"exitCode": exit_code, "mirrors": list(mirrors)}
    return json.dumps(whole, indent=2, ensure_ascii=False)
