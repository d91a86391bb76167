"""The way in: ``stagingmirror``, and ``kubectl stagingmirror`` (kubectl finds it by its name)."""

import io
import logging
import sys
from pathlib import Path

from stagingmirror.cli.app import app


def main() -> None:
    """Run the command that is named by the arguments."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a replacement, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # What a library logs is not for whoever runs a command; ``run`` sets up a log of its own.
    logging.getLogger().addHandler(logging.NullHandler())
    called = Path(sys.argv[0]).name
    is_plugin = called.startswith("kubectl-")
    app(prog_name="kubectl stagingmirror" if is_plugin else "stagingmirror")


if __name__ == "__main__":
    main()
