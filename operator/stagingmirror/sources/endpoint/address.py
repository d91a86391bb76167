"""Whether two spellings are one address."""

from contextlib import suppress
from ipaddress import ip_address

from yarl import URL

# Of a Service's name within its cluster, all of which lead to one Service.
_ENDINGS = (".", ".cluster.local", ".svc")

Address = tuple[str, str, int | None, str]


def address_of(url: str) -> Address:
    """Equal for spellings that lead to one endpoint: case, default port, a dot or a slash at the
    end, segments like ``..``, and the forms of a Service's name. What is no URL is like itself.
    """
    try:
        found = URL(url)
    except ValueError:
        return "", url, None, ""
    host = (found.host or "").casefold()
    for ending in _ENDINGS:
        host = host.removesuffix(ending)
    with suppress(ValueError):
        host = ip_address(host).compressed
    return found.scheme, host, found.port, found.path.rstrip("/")
