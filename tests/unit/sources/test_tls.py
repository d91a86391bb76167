import ssl
from types import SimpleNamespace

import pytest

from stagingmirror.sources.tls import certificate_trouble, trusting, trusting_the_system


def test_every_context_verifies_and_none_as_strictly_as_python_3_13() -> None:
    for tls in (trusting(), trusting_the_system()):
        assert tls.verify_mode is ssl.CERT_REQUIRED
        assert tls.check_hostname
        assert not tls.verify_flags & ssl.VERIFY_X509_STRICT
        assert tls.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (10, "has expired; renew it there"),
        (9, "not valid yet; compare the clocks"),
        (62, "for another host; set mlflow.url"),
        (64, "for another host; set mlflow.url"),
        (20, "put the CA that signed it, or the certificate itself, into mlflow.caBundle"),
        (0, "put the CA that signed it"),
    ],
)
def test_what_to_do_fits_what_is_wrong(code: int, said: str) -> None:
    error: Exception = SimpleNamespace(verify_code=code)  # type: ignore[assignment]

    assert said in certificate_trouble(error, "mlflow.caBundle", "mlflow.url")
