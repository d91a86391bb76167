"""MirrorEnvironment: one side, described by an admin. Teams' resources hold only names that lead
here.
"""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stagingmirror.api.spec.accept import AcceptOfKind
from stagingmirror.api.spec.environment.endpoint import (
    ENDPOINT_RULES,
    Endpoint,
    offered_pointer,
    offered_samples,
)
from stagingmirror.api.spec.environment.index_store import IndexStore, offered_alias
from stagingmirror.api.spec.environment.object_store import ObjectStore, offering
from stagingmirror.api.spec.environment.server import SecretKeyReference, Server
from stagingmirror.api.spec.offers import Comparable, OfferName, Readable, matches
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    VALIDATIONS,
    Duration,
    Label,
    Namespace,
    Rule,
    Size,
    at_least,
    more_than_nothing,
    unique,
)

Role = Literal["Production", "Staging"]

_IMMUTABLE = {
    "rule": "self == oldSelf",
    "message": "the role of an environment cannot change; create another environment instead",
}


class Cluster(Model):
    """Another cluster than the one that the operator runs in."""

    kubeconfig_secret_ref: SecretKeyReference
    """A kubeconfig in a Secret of the operator's own namespace, which must carry the label
    stagingmirror.dev/environment with the name of this environment. Of its current-context, or of
    its only one, these count: server (https), certificate-authority-data, tls-server-name,
    proxy-url, and token or client-certificate-data with client-key-data. Anything that runs a
    program, names a file or trusts without a certificate is refused. The identity needs to read
    only; nothing is ever written there.
    """


class MlflowServer(Server):
    """The MLflow tracking server and model registry of this side."""

    workspace: Label | None = None
    """The workspace of MLflow that the models are in, where the server has workspaces. Two
    workspaces of one server are two registries. Omitted: the server's default.
    """

    @property
    def registry(self) -> str:
        """As messages show it; equal for one registry that is spelled alike."""
        url = self.url.rstrip("/")
        return f"{url} (workspace {self.workspace})" if self.workspace else url


class ContentReading(Model):
    """How the bytes of models are read."""

    interval: Annotated[
        Duration,
        at_least("1m", "interval must be at least 1m, else bytes are read without end"),
    ] = "24h"
    """How often all bytes of a model are read again, even where the store reports no
    change. What the store reports is read at least every 5 minutes. At least 1m. Those in one of
    objectStores are read again only when its listing changes, or on request.
    """
    max_bytes: Annotated[
        Size, more_than_nothing("maxBytes must be more than 0, else no model is compared")
    ] = "50Gi"
    """The largest model whose bytes are read, e.g. 50Gi. A larger one is Unknown (TooLarge)."""


def _for_staging(field: str, value: Callable[[IndexStore], object]) -> Rule:
    """That a field of indexStores is given by role Staging alone."""
    return Rule(
        cel=(
            "!has(self.indexStores) || self.role == 'Staging'"
            f" || self.indexStores.all(s, !has(s.{field}))"
        ),
        message=f"{field} of indexStores is for role Staging only; remove it here",
        holds=lambda spec: (
            spec.role == "Staging" or all(value(each) is None for each in spec.index_stores)
        ),
    )


class MirrorEnvironmentSpec(Model):
    """What an admin offers of one side: where it is, who may use it, what may be read and shown."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.sharesRegistryWith) || self.role == 'Staging'",
            message="sharesRegistryWith is for role Staging only; remove it here",
            holds=lambda spec: spec.shares_registry_with is None or spec.role == "Staging",
        ),
        Rule(
            cel="!has(self.cluster) || self.role == 'Production'",
            message=(
                "cluster is for role Production only: staging is always in the operator's own"
                " cluster; remove it here"
            ),
            holds=lambda spec: spec.cluster is None or spec.role == "Production",
        ),
        Rule(
            cel="!has(self.maxConcurrentRefreshes) || self.role == 'Staging'",
            message="maxConcurrentRefreshes is for role Staging only; remove it here",
            holds=lambda spec: (
                "max_concurrent_refreshes" not in spec.model_fields_set or spec.role == "Staging"
            ),
        ),
        Rule(
            cel=(
                "!has(self.indexStores) || self.role == 'Production'"
                " || self.indexStores.all(s, !has(s.copies))"
            ),
            message=(
                "copies of indexStores is for role Production only: its admin lets staging"
                " copy them or not; remove it here"
            ),
            holds=lambda spec: (
                spec.role == "Production" or all(s.copies is None for s in spec.index_stores)
            ),
        ),
        _for_staging("minFreeSpace", lambda store: store.min_free_space),
        _for_staging("keep", lambda store: store.keep),
        _for_staging("maskingJob", lambda store: store.masking_job),
        Rule(
            cel=(
                "!has(self.indexStores) || self.indexStores.all(s, !has(s.maskingJob) ||"
                " ((!has(self.namespaces) || !(s.maskingJob.namespace in self.namespaces)) &&"
                " (!has(self.usableFrom) || !(s.maskingJob.namespace in self.usableFrom))))"
            ),
            message=(
                "maskingJob must be in a namespace that no team has: neither in namespaces nor in"
                " usableFrom"
            ),
            holds=lambda spec: _masked_by_no_team(spec),
        ),
        Rule(
            cel=(
                "!has(self.indexStores) || self.indexStores.all(i, i.type != 'Files' ||"
                " (has(self.objectStores) && self.objectStores.exists(o, o.name == i.objectStore)))"
            ),
            message="objectStore of an indexStores entry must be the name of an objectStores entry",
            holds=lambda spec: (
                {each.object_store for each in spec.index_stores if each.type == "Files"}
                <= {each.name for each in spec.object_stores}
            ),
        ),
        Rule(
            cel="!has(self.accept) || self.role == 'Staging'",
            message=(
                "accept is for role Staging only: what may differ there is staging's; remove it"
                " here"
            ),
            holds=lambda spec: not spec.accept or spec.role == "Staging",
        ),
        *ENDPOINT_RULES,
    )

    role: Annotated[Role, Field(json_schema_extra={VALIDATIONS: [dict(_IMMUTABLE)]})]
    """Production or Staging; cannot be changed. Production is only ever read."""
    usable_from: Annotated[tuple[Namespace, ...], unique(most=1024)] = ()
    """Exact names of the namespaces whose StagingMirrors may use this environment. None by
    default.
    """
    namespaces: Annotated[tuple[Namespace, ...], unique(most=1024)] = ()
    """Exact names of the namespaces that may be read or, for Staging, written. None by default."""
    cluster: Cluster | None = None
    """Production only: the cluster that the namespaces are in. Omitted: the operator's own. A
    namespace of the operator's cluster that has the name of one of these is not written before the
    other cluster has proven, by the UID of its kube-system, that it is another one.
    """
    readable: Readable = Readable()
    """What teams' resources may name, see and copy. Both sides must list it; nothing by default."""
    comparable: Comparable = Comparable()
    """What teams' resources may name and only learn to be equal or not: compared sealed, by an HMAC
    that is never shown; never written. Both sides must list it here or under readable.
    """
    min_check_interval: Annotated[
        Duration,
        at_least(
            "1s", "minCheckInterval must be at least 1s, else one mirror can wear this side out"
        ),
    ] = "10s"
    """No StagingMirror has what is of this side polled more often, whatever its checkInterval; what
    it requests (check-at) or newly names may come a limited number of times in a row. Its
    staleAfter must be longer. At least 1s.
    """
    mlflow: MlflowServer | None = None
    """The MLflow tracking server and model registry of this side. Omitted: it has none."""
    object_stores: Annotated[tuple[ObjectStore, ...], unique("name", most=16)] = ()
    """Object stores of this side that models are read from: artifacts that MLflow keeps at s3://
    and does not serve itself. A place that none of them has is not read. None by default.
    """
    index_stores: Annotated[tuple[IndexStore, ...], unique("name", most=16)] = ()
    """Stores of this side whose indexes search is served from. None by default."""
    endpoints: Annotated[tuple[Endpoint, ...], unique("name", most=16)] = ()
    """Servers of features, embeddings and predictions of this side that samples may be sent to.
    None by default.
    """
    content: ContentReading = ContentReading()
    """How often the bytes of models are read again, and up to which size."""
    shares_registry_with: Label | None = None
    """Staging only: the Production environment whose MLflow server this one uses too. Required
    where both sides are one MLflow, else a refresh of a modelAlias is refused.
    """
    max_concurrent_refreshes: Annotated[
        int, Field(ge=1, le=100, json_schema_extra={"x-no-default": True})
    ] = 4
    """Staging only: how many refreshes may run at once in this environment. A free slot goes to the
    namespace that has the fewest refreshes open, in turn. A refresh that makes no progress does not
    count: after an hour within one step, after rolloutTimeout (at most an hour) while it waits to
    be verified or rolled back.
    """
    accept: Annotated[tuple[AcceptOfKind, ...], unique(("kind", "fact"), most=128)] = ()
    """Staging only: differences that are understood in each mirror whose staging side this is; they
    do not count as drift there. Where a mirror itself accepts the fact, its own entry counts alone.
    """

    @property
    def kubeconfig(self) -> str:
        """Which Secret and key lead to its cluster; empty: it is the operator's own."""
        if self.cluster is None:
            return ""
        reference = self.cluster.kubeconfig_secret_ref
        return f"{reference.name}/{reference.key}"

    def offering(self, uri: str) -> ObjectStore | None:
        """The object store that has a folder and lists it as readable."""
        return offering(uri, self.object_stores)

    def offers(self, which: OfferName, name: str) -> bool:
        """Whether it may be named: it is readable, or comparable, or listed by its store."""
        if which == "index_aliases":
            return offered_alias(name, self.index_stores)
        if which == "input_examples":
            return matches(self.readable.input_examples, name)
        if which == "pointers":
            return offered_pointer(name, self.endpoints)
        if which == "samples":
            return offered_samples(name, self.endpoints)
        return self.readable.has(which, name) or self.comparable.has(which, name)


def _masked_by_no_team(spec: MirrorEnvironmentSpec) -> bool:
    teams = {*spec.namespaces, *spec.usable_from}
    jobs = (each.masking_job for each in spec.index_stores)
    return all(job is None or job.namespace not in teams for job in jobs)
