"""`python -m support.shifted FILE run …`: the operator on a machine whose clock is wrong
by as many seconds as FILE has, now.
"""

import sys
import time
from pathlib import Path

_right = time.time
_file = Path(sys.argv.pop(1))


def _wrong() -> float:
    return _right() + float(_file.read_text() or 0)


time.time = _wrong

from stagingmirror.__main__ import main  # noqa: E402 - what reads the clock is imported after

if __name__ == "__main__":
    main()
