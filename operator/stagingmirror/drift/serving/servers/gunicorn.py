"""gunicorn. Settings: https://docs.gunicorn.org/en/stable/settings.html

Precedence, from the weakest: a few variables, the configuration file, ``GUNICORN_CMD_ARGS``, the
command line: https://docs.gunicorn.org/en/stable/configure.html and
https://github.com/benoitc/gunicorn/blob/master/gunicorn/app/base.py (``load_config``). A setting
that is a list is replaced by the stronger place as a whole.
"""

from dataclasses import replace
from typing import Final

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.flags import (
    EACH,
    INTEGER,
    PRIVATE,
    SWITCH,
    SWITCHED_OFF,
    TEXT,
    Flag,
    Kind,
    Table,
    flags,
)

_ALL_INTERFACES: Final = "0.0.0.0"  # noqa: S104 - what others bind


def bound(value: str) -> str:
    """``:8000`` is ``0.0.0.0:8000``.

    https://github.com/benoitc/gunicorn/blob/master/gunicorn/util.py (``parse_address``)
    """
    address = value.removeprefix("tcp://")
    return f"{_ALL_INTERFACES}{address}" if address.startswith(":") else address


_TEXT = """
access-logfile access-logformat asgi-lifespan asgi-loop ca-certs cert-reqs certfile chdir ciphers
config,-c control-socket control-socket-mode dogstatsd-tags error-logfile,--log-file
forwarded-allow-ips forwarder-headers group,-g header-map http-parser http-protocols
http2-cleartext keyfile log-config log-config-json log-level log-syslog-facility log-syslog-prefix
log-syslog-to logger-class name,-n paste,--paster pid,-p protocol proxy-allow-from pythonpath
reload-engine root-path ssl-version statsd-host statsd-prefix umask,-m user,-u uwsgi-allow-from
worker-class,-k worker-tmp-dir
"""
_INTEGER = """
asgi-disconnect-grace-period backlog dirty-graceful-timeout dirty-threads dirty-timeout
dirty-workers graceful-timeout http2-initial-window-size http2-max-concurrent-streams
http2-max-frame-size http2-max-header-list-size keep-alive limit-request-field_size
limit-request-fields limit-request-line max-requests max-requests-jitter threads timeout,-t
worker-connections workers,-w
"""
_SWITCH = """
capture-output casefold-http-method check-config daemon,-D disable-redirect-access-to-syslog
do-handshake-on-connect enable-backlog-metric enable-stdio-inheritance,-R initgroups log-syslog
no-control-socket permit-obsolete-folding permit-unconventional-http-method
permit-unconventional-http-version preload print-config reload reuse-port spew
strip-header-spaces suppress-ragged-eofs
"""
_FLAGS: Final = {
    **flags(TEXT, _TEXT),
    **flags(INTEGER, _INTEGER),
    **flags(replace(SWITCH, takes="none"), _SWITCH),
    **flags(
        Kind(values.lower, "maybe", accepts=frozenset({"off", "v1", "v2", "auto"}), bare="auto"),
        "proxy-protocol",
    ),
    "--no-sendfile": Flag("sendfile", SWITCHED_OFF),
    **flags(replace(EACH, read=bound), "bind,-b"),
    **flags(EACH, "dirty-app reload-extra-file"),
    # Variables for the application, and settings of Paste: they may hold credentials.
    **flags(PRIVATE, "env,-e paste-global"),
}
TABLE: Final = Table("gunicorn", _FLAGS, positional=("app",), abbreviates=True)
ARGUMENTS_VARIABLE: Final = "GUNICORN_CMD_ARGS"
# Variable -> the setting whose default it is, and how.
VARIABLES: Final = {
    "WEB_CONCURRENCY": ("workers", "{}"),
    "PORT": ("bind", "0.0.0.0:{}"),
    "FORWARDED_ALLOW_IPS": ("forwarded-allow-ips", "{}"),
}
