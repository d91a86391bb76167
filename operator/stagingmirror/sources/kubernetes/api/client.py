"""The one way to the operator's own API server: a reader that may write as well."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from stagingmirror.sources.kubernetes.api.errors import object_of
from stagingmirror.sources.kubernetes.api.login import login
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader

FIELD_MANAGER = "stagingmirror"
_WRITES = frozenset({"POST", "PUT", "PATCH"})


class KubernetesClient(KubernetesReader):
    """Never made for a cluster that is only read."""

    _writes: ClassVar[bool] = True

    @classmethod
    async def connect(
        cls,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        timeout: float,  # noqa: ASYNC109 - the default of later calls, not of this one
    ) -> Self:
        """Reads the credentials, sends no request. ``timeout``: of each call, in seconds."""
        return cls(await login(kubeconfig=kubeconfig, context=context), timeout=timeout)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
        timeout: float | None = None,  # noqa: ASYNC109 - most callers want the default
    ) -> dict[str, Any]:
        """One call. Writes carry our field manager.

        Errors: ``NotThere``, ``NotAllowed``, ``Conflicted``, ``Refused``, ``NotAnswered``.
        """
        words = dict(query or {})
        if method in _WRITES:
            words.setdefault("fieldManager", FIELD_MANAGER)
        answer = await self._call(method, path, words, body, content_type, timeout)
        return object_of(answer, f"{method} {path}")
