"""A webhook authorizer that permits nothing, as clusters have them that ask somebody else: an API
server with it cannot list what an account may do.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({**review, "status": {"allowed": False}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's
        pass


@contextmanager
def an_authorizer(folder: Path) -> Iterator[tuple[str, ...]]:
    """The flags of a kube-apiserver that asks it last."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, name="authorizer", daemon=True)
    thread.start()
    config = folder / "authorizer"
    address = f"http://127.0.0.1:{server.server_port}"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "it", "cluster": {"server": address}}],
                "users": [{"name": "us", "user": {}}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "us"}}],
                "current-context": "it",
            }
        )
    )
    try:
        yield (
            "--authorization-mode=Webhook",
            f"--authorization-webhook-config-file={config}",
            "--authorization-webhook-version=v1",
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
