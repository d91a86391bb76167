"""A real Feast feature server (`feast serve`): its online store is SQLite, its registry a file."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rig.endpoints.endpoint import Endpoint
from rig.endpoints.logic import USERS, Logic, event_of, features
from rig.programs import RigError, alone, cache_home
from rig.python.environment import FEAST
from rig.run import Run

_PROGRAM = "from feast.cli.cli import cli; cli(prog_name='feast')"
_REGISTRIES = Path(__file__).parent / "programs" / "feast_registries.py"
_QUIET = {"FEAST_USAGE": "False", "PYTHONWARNINGS": "ignore"}


class FeastServer(Endpoint):
    """The feature service ``fraud`` of the entity ``user_id``, at `/get-online-features`.

    ``follow`` is what a pipeline does that computes so from now on: it writes all users anew.
    ``ratio``, ``balance / income``, is computed on demand.
    """

    health = "/health"

    def __init__(self, name: str, *, run: Run | None = None) -> None:
        super().__init__(f"feast-{name}", run=run)
        self._registries = feast_registries()
        shutil.copyfile(self._registries / "online", self.folder / "online.db")
        self._variant, self._logic = "", Logic()
        self._apply("base")
        (self.folder / "feature_store.yaml").write_text(
            "project: parity\nprovider: local\nentity_key_serialization_version: 3\n"
            "registry: registry.db\nonline_store: {type: sqlite, path: online.db}\n"
        )
        self._begin(
            *(FEAST.python(), "-c", _PROGRAM, "serve", f"--port={self.port}", "--workers=1"),
            "--no-access-log",
            **_QUIET,
        )

    def await_ready(self) -> None:
        super().await_ready()
        self._write()

    def follow(self, logic: Logic, *, on_demand: str = "base") -> None:
        """``on_demand``: the variant of what is computed on demand (`programs`)."""
        self._logic = logic
        self._apply("renamed" if logic.renamed else "text" if logic.text else on_demand)
        self._write()

    def _apply(self, variant: str) -> None:
        """What `feast apply` does to the registry; the server sees that its file is another."""
        if variant == self._variant:
            return
        self._variant = variant
        unfinished = self.folder / "registry.unfinished"
        shutil.copyfile(self._registries / f"{variant}.db", unfinished)
        os.replace(unfinished, self.folder / "registry.db")
        # What is left of a feature that is gone would give its time to all others of its entity.
        with closing(sqlite3.connect(self.folder / "online.db", timeout=10)) as online, online:
            online.execute("DELETE FROM parity_user_stats")

    def _write(self) -> None:
        users = range(1, USERS + 1)
        rows = [features(each, self._logic) for each in users]
        events = (datetime.fromtimestamp(event_of(each, self._logic), UTC) for each in users)
        columns = {
            "user_id": [*users],
            **{name: [row[name] for row in rows] for name in rows[0]},
            "event_timestamp": [each.isoformat() for each in events],
        }
        request = urllib.request.Request(
            f"{self.base}/write-to-online-store",
            data=json.dumps({"feature_view_name": "user_stats", "df": columns}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20):
            pass


def feast_registries() -> Path:
    """The folder of the registries, which are written once: importing Feast takes 3 s."""
    digest = hashlib.sha256(_REGISTRIES.read_bytes() + str(FEAST.python()).encode())
    folder = cache_home() / f"feast-registries-{digest.hexdigest()[:16]}"
    made = folder / "made"
    if not made.exists():
        with alone(folder):
            if not made.exists():
                _make(folder / "unfinished", made)
    return made


def _make(unfinished: Path, made: Path) -> None:
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run(
        [FEAST.python(), _REGISTRIES, unfinished],
        env=os.environ | _QUIET,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise RigError(f"Feast's registries could not be written:\n{done.stderr[-4000:]}")
    unfinished.replace(made)
