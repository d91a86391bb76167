"""uvicorn. Options, variables and their precedence:

https://www.uvicorn.org/settings/ and https://github.com/encode/uvicorn/blob/master/uvicorn/main.py
(click, with ``auto_envvar_prefix="UVICORN"``: an option overrules ``UVICORN_<OPTION>``);
``WEB_CONCURRENCY`` counts where neither gives workers, and ``FORWARDED_ALLOW_IPS`` likewise:
https://github.com/encode/uvicorn/blob/master/uvicorn/config.py
"""

from typing import Final

from stagingmirror.drift.serving.flags import (
    ANY_ORDER,
    INTEGER,
    NUMBER,
    PRIVATE,
    SWITCHED_OFF,
    TEXT,
    TRUTH,
    Flag,
    Kind,
    Table,
    flags,
)
from stagingmirror.drift.serving.values import truth

_TEXT = """
app-dir env-file forwarded-allow-ips host http interface lifespan log-config log-level loop
root-path ssl-ca-certs ssl-certfile ssl-ciphers ssl-keyfile uds ws
"""
_INTEGER = """
backlog fd h11-max-incomplete-event-size limit-concurrency limit-max-requests
limit-max-requests-jitter port ssl-cert-reqs ssl-version timeout-graceful-shutdown
timeout-keep-alive timeout-worker-healthcheck workers ws-max-queue ws-max-size
"""
# Given alone, always; some have a name for the opposite.
_ALONE = (
    "access-log date-header factory http2 proxy-headers reload reset-contextvars server-header \
use-colors version"
)
_WITH_OPPOSITE: Final = (
    "access-log",
    "date-header",
    "proxy-headers",
    "server-header",
    "use-colors",
)
_FLAGS: Final = {
    **flags(TEXT, _TEXT),
    **flags(INTEGER, _INTEGER),
    **flags(NUMBER, "reload-delay ws-ping-interval ws-ping-timeout"),
    **flags(Kind(truth, takes="none"), _ALONE),
    **{f"--no-{each}": Flag(each, SWITCHED_OFF) for each in _WITH_OPPOSITE},
    **flags(TRUTH, "ws-per-message-deflate"),
    **flags(ANY_ORDER, "reload-dir reload-include reload-exclude"),
    # A header may hold a credential.
    **flags(PRIVATE, "header ssl-keyfile-password"),
}
TABLE: Final = Table("uvicorn", _FLAGS, positional=("app",), takes_dashes=True)
PREFIX: Final = "UVICORN_"
# Variable -> the option that it stands in for, weaker than one with the prefix.
VARIABLES: Final = {"WEB_CONCURRENCY": "workers", "FORWARDED_ALLOW_IPS": "forwarded-allow-ips"}
