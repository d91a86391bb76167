"""Names in paths: one index, one alias, one snapshot. What could name several, or another path, is
refused: the store would expand it.
"""

import re
from urllib.parse import quote

from stagingmirror.errors import Refused
from stagingmirror.reasons import Reason

# What neither an index nor an alias may have; ``$`` would be a group in a renaming.
_NAME = re.compile(r"[^\\/*?\"<>|\s,#:$+_-][^\\/*?\"<>|\s,#:$]{0,254}")


def quoted(name: str) -> str:
    """For a path. Raises Refused."""
    if not _NAME.fullmatch(name) or name in (".", "..") or not name.isprintable():
        raise Refused(Reason.BAD_NAME, f"no index, alias or snapshot can be called {name!a}")
    return quote(name, safe="")
