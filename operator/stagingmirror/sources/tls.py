"""Whom we trust over TLS, the same for every system, and what is wrong with a certificate."""

import ssl
from functools import cache

# Codes of OpenSSL's verification (x509_vfy.h) whose remedy is not another authority.
_EXPIRED, _NOT_YET_VALID = 10, 9
_NAMES = frozenset({62, 63, 64})


def trusting(*, pem: str | None = None, file: str | None = None) -> ssl.SSLContext:
    """Trusts these authorities; without any, those of the system.

    Raises ssl.SSLError or ValueError where there is no certificate in it, OSError for the file.
    """
    tls = ssl.create_default_context(cafile=file, cadata=pem)
    # Python 3.13 refuses authorities without a key identifier, as many clusters and companies have;
    # Go and earlier versions do not.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # As Python 3.13 and Go: an intermediate authority that is named is trusted without its root.
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return tls


@cache
def trusting_the_system() -> ssl.SSLContext:
    """Loading the system's authorities takes a while, so it is done once."""
    return trusting()


def certificate_trouble(error: Exception, bundle: str, address: str) -> str:
    """What to do about a certificate that was refused. ``bundle`` and ``address`` are the fields
    that hold the authorities and the URL.
    """
    code = getattr(error, "verify_code", 0)
    if code == _EXPIRED:
        return "its certificate has expired; renew it there"
    if code == _NOT_YET_VALID:
        return "its certificate is not valid yet; compare the clocks"
    if code in _NAMES:
        return f"its certificate is for another host; set {address} to a name that it has"
    return (
        f"its certificate is not trusted; put the CA that signed it, or the certificate itself,"
        f" into {bundle}"
    )
