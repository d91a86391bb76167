"""Credentials of a role that is assumed for one store, renewed before they expire.

Requests are signed by AWS' own library, and sent as to any other server: through the store's proxy,
trusting its authorities, never to this machine's own link, within a time.
"""

import asyncio
import io
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from stagingmirror.api.spec.environment.assumed_role import AssumedRole
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.errors import NeedsHuman, NotAllowed, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.sts import Credentials, credentials_in, form_of
from stagingmirror.sources.outward import LinkLocal, Proxy, outward_socket
from stagingmirror.sources.tls import trusting, trusting_the_system

if TYPE_CHECKING:
    from obstore.store import S3Credential

# How long before they expire credentials are renewed (obstore wants others 5 min before), unless
# that is more than half of their time; and used at most where that fails.
_EARLY, _LATE = timedelta(minutes=10), timedelta(minutes=1)
# Seconds for which a failure stands: all that wait for it do not ask one after another.
_STANDS = 5.0
_MOST_BYTES = 64 * 1024
_TYPE = "application/x-www-form-urlencoded; charset=utf-8"


class RoleCredentials:
    """``writes``: whether the session may write in the store's place."""

    def __init__(
        self,
        store: ObjectStore,
        role: AssumedRole,
        variables: Mapping[str, str] | None,
        *,
        writes: bool,
        within: float,
    ) -> None:
        """``variables``: of the store's Secret; None: the pod has an identity. Raises NeedsHuman
        where a proxy could read what lets us in.
        """
        self._variables = variables
        self._region = role.region or store.region or "us-east-1"
        china = ".cn" if self._region.startswith("cn-") else ""
        self._url = (role.endpoint or f"https://sts.{self._region}.amazonaws.com{china}").rstrip(
            "/"
        )
        self._body = form_of(store, role, writes=writes)
        self._within = within
        self._where = f"{role.arn} at {urlsplit(self._url).hostname}, AssumeRole"
        self._ca_bundle = store.ca_bundle
        if store.proxy_url and self._url.startswith("http://"):
            raise NeedsHuman(
                Reason.INVALID_PROXY,
                f"objectStores[{store.name}]: assumeRole.endpoint is http://, so the proxy of "
                "proxyUrl could read what lets us in; use https:// there, or remove the proxy",
            )
        self._proxy = store.proxy_url
        self._lock = asyncio.Lock()
        self._known: Credentials | None = None
        self._early = _EARLY
        self._failed: tuple[float, StagingMirrorError] | None = None

    async def provide(self) -> "S3Credential":
        """As obstore wants them. Raises as ``current``."""
        found = await self.current()
        return {
            "access_key_id": found.key,
            "secret_access_key": found.secret,
            "token": found.token,
            "expires_at": found.until,
        }

    async def current(self) -> Credentials:
        """Renewed where they soon expire. Raises NotAllowed, NotSupported, Refused or
        NotAnswered.
        """
        if (known := self._good(self._early)) is not None:
            return known
        async with self._lock:
            if (known := self._good(self._early)) is not None:
                return known
            now = asyncio.get_running_loop().time()
            if self._failed is None or now >= self._failed[0] + _STANDS:
                try:
                    return await self._renewed()
                except StagingMirrorError as error:
                    self._failed = asyncio.get_running_loop().time(), error
            if (known := self._good(_LATE)) is not None:
                return known
            raise self._failed[1]

    async def _renewed(self) -> Credentials:
        self._known = found = await self._assumed()
        self._failed = None
        self._early = min(_EARLY, (found.until - datetime.now(UTC)) / 2)
        return found

    def _good(self, left: timedelta) -> Credentials | None:
        known = self._known
        return known if known is not None and known.until - datetime.now(UTC) > left else None

    async def _assumed(self) -> Credentials:
        try:
            async with asyncio.timeout(self._within):
                status, body = await self._post(await self._signed())
        except TimeoutError:
            text, reason = "no answer in time", Reason.TIMED_OUT
        except LinkLocal:
            text, reason = "the address is link-local", Reason.LINK_LOCAL
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            text = "its certificate is not trusted; put the CA that signed it into caBundle"
            reason = Reason.CERTIFICATE_NOT_TRUSTED
        except aiohttp.ClientConnectorError as error:
            is_link = isinstance(error.os_error, LinkLocal)
            reason = Reason.LINK_LOCAL if is_link else Reason.UNREACHABLE
            text = "no connection; is it running and reachable?"
        except (aiohttp.ClientError, ValueError, OSError):
            text, reason = "the connection ended in the middle of the answer", Reason.HALF_READ
        else:
            return credentials_in(status, body, self._where)
        raise NotAnswered(reason, f"{self._where}: {text}")

    async def _signed(self) -> dict[str, str]:
        """The headers. Raises NotAllowed where there is no identity to sign as."""
        # Of a few stores only, and it has threads of its own.
        from awscrt import auth, exceptions, http

        if self._variables is None:
            provider = auth.AwsCredentialsProvider.new_default_chain()
        else:
            provider = auth.AwsCredentialsProvider.new_static(
                self._variables["AWS_ACCESS_KEY_ID"],
                self._variables["AWS_SECRET_ACCESS_KEY"],
                self._variables.get("AWS_SESSION_TOKEN"),
            )
        headers = http.HttpHeaders([("Host", urlsplit(self._url).netloc), ("Content-Type", _TYPE)])
        path = f"{urlsplit(self._url).path}/"
        request = http.HttpRequest("POST", path, headers, io.BytesIO(self._body))
        config = auth.AwsSigningConfig(
            credentials_provider=provider, region=self._region, service="sts"
        )
        try:
            await asyncio.wrap_future(auth.aws_sign_request(request, config))
        except exceptions.AwsCrtError:
            raise NotAllowed(
                Reason.UNAUTHORIZED,
                f"{self._where}: no identity: the store names no Secret, and the cloud gives none "
                "to the operator's pod; set credentialsSecretRef",
            ) from None
        return dict(request.headers)

    async def _post(self, headers: Mapping[str, str]) -> tuple[int, bytes]:
        tls = trusting_the_system()
        if self._ca_bundle is not None:
            tls = trusting()
            tls.load_verify_locations(cadata=self._ca_bundle)
        connector = aiohttp.TCPConnector(ssl=tls, socket_factory=outward_socket)
        url = f"{self._url}/"
        sent: dict[str, Any] = {"headers": headers}
        if (proxy := self._proxy or _proxy_of_process(url)) is not None:
            sent = Proxy(proxy).of_request(url, headers)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session,
            session.post(url, data=self._body, allow_redirects=False, **sent) as answer,
        ):
            body = bytearray()
            async for part in answer.content.iter_any():
                body += part
                if len(body) > _MOST_BYTES:
                    return answer.status, b""
            return answer.status, bytes(body)


def role_of(
    store: ObjectStore, variables: Mapping[str, str] | None, *, writes: bool, within: float
) -> RoleCredentials | None:
    """None: the store is used without one. Raises as ``RoleCredentials``."""
    role = store.assume_role
    if role is None:
        return None
    return RoleCredentials(store, role, variables, writes=writes, within=within)


def _proxy_of_process(url: str) -> str | None:
    """As for object stores: HTTPS_PROXY counts, HTTP_PROXY does not."""
    parts = urlsplit(url)
    if parts.scheme != "https" or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get("https")
