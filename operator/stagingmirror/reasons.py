"""Every reason that a condition, an Event, a component, a refresh or an error can carry.

The tables of docs/reasons.md are made from this enum: a comment is a heading there, the second
value of a member is what the reason means.
"""

from enum import StrEnum


class Reason(StrEnum):
    """A member equals its text; ``meaning`` is one sentence for people, in Markdown."""

    meaning: str

    def __new__(cls, text: str, meaning: str) -> "Reason":
        member = str.__new__(cls, text)
        member._value_, member.meaning = text, meaning
        return member

    # Verdicts and conditions
    IN_SYNC = "InSync", "staging is in sync with production"
    DRIFTED = "Drifted", "at least one component differs"
    HELD = "Held", "a MirrorHold keeps staging, or a component of it, as it is"
    DECLARED = "Declared", "in sync as declared: nothing proves what runs"
    UNKNOWN = "Unknown", "components are Unknown for more than one reason"
    ALL_SEEN = "AllSeen", "every component was observed on both sides"
    NOT_SEEN = "NotSeen", "these components have no observation younger than `staleAfter`"
    NOTHING_TRACKED = "NothingTracked", "`spec.track` is empty"
    ALL_HELD = "AllHeld", "every component is held, so nothing is compared"
    REFRESHING = "Refreshing", "a refresh has written, not verified: staging may be half refreshed"
    WAITING = "Waiting", "the mirror is new, and its environments may still come"
    STATUS_REFUSED = "StatusRefused", "the API server refused the whole status; this one is minimal"

    # Phases and results of a refresh
    STARTING = "Starting", "no step has begun"
    PREPARE = "Prepare", "steps run that change nothing that runs"
    SWITCH = "Switch", "steps run that change what runs"
    VERIFY = "Verify", "everything is written; the refresh waits until it runs"
    ROLL_BACK = "RollBack", "what was written is rolled back"
    SUCCEEDED = "Succeeded", "everything was applied and verified"
    NOTHING_TO_DO = "NothingToDo", "staging is as it should be, and nothing was written"
    ROLLED_BACK = "RolledBack", "the refresh failed and was rolled back"
    ROLLBACK_INCOMPLETE = "RollbackIncomplete", "fields that it could not roll back are named"

    # Events
    DRIFT_DETECTED = "DriftDetected", "a component has become Drifted"
    DEPLOYED = "Deployed", "a rollout of a tracked workload is complete, by anyone"
    DEPLOY_COMPARED = "DeployCompared", "a rollout reported before could be compared only now"
    REFRESH_STARTED = "RefreshStarted", "a refresh began"
    REFRESH_SUCCEEDED = "RefreshSucceeded", "everything was verified, or there was nothing to do"
    REFRESH_FAILED = "RefreshFailed", "a refresh failed and was rolled back"
    REFRESH_SKIPPED = "RefreshSkipped", "a tick or a request did not lead to a refresh"
    TOOK_OVER = "TookOver", "a field that another manager owns was written, once per field"
    COPY_REMOVED = "CopyRemoved", "a former copy was removed (`keep`), or stays: others wrote to it"
    STALLED = "Stalled", "a human is needed"
    ACCEPTANCE_ENDS = "AcceptanceEnds", "an acceptance ends within a week; then it is drift"
    DRIFT_OVERDUE = "DriftOverdue", "drift has become older than `maxDriftAge`"

    # Why a mirror is Stalled
    INVALID_SPEC = "InvalidSpec", "the spec cannot be parsed: older than the CRDs, which refuse it"
    INVALID_SCHEDULE = "InvalidSchedule", "`spec.refresh.schedule`"
    INVALID_TIME_ZONE = "InvalidTimeZone", "`spec.refresh.timeZone`"
    ENVIRONMENT_MISSING = "EnvironmentMissing", "an environment does not exist"
    ENVIRONMENT_NOT_USABLE = "EnvironmentNotUsable", "wrong role, or it refuses the namespace"
    STALE_AFTER_TOO_SHORT = "StaleAfterTooShort", "`staleAfter` does not exceed `minCheckInterval`"
    NAMESPACE_NOT_LISTED = "NamespaceNotListed", "the environment does not list a namespace"
    NO_STORE = "NoStore", "an environment lacks the object store that a copy of files would go to"
    NO_REGISTRY = "NoRegistry", "an environment lacks `mlflow`, which an entry needs"
    SAME_THING = "SameThing", "both sides are the same alias, workload, key or annotation"
    SHARED_REGISTRY = "SharedRegistry", "one registry of both sides, not declared by staging"
    NOT_SHARED_REGISTRY = "NotSharedRegistry", "a registry declared as shared is another one"
    OVERLAP = "Overlap", "two entries, or two mirrors, write one field; the older mirror continues"
    NOT_READABLE = "NotReadable", "a value not listed in `readable` is neither shown nor written"
    NOT_OFFERED = "NotOffered", "neither `readable` nor `comparable` of an environment lists it"
    PRODUCTION_IS_READ_ONLY = "ProductionIsReadOnly", "it is, or may be, production's"
    UNREADABLE_RECORD = "UnreadableRecord", "the record of the last refresh cannot be read"

    # Why a component is Unknown
    NOT_SEEN_YET = "NotSeenYet", "the first observation in the cluster is not complete yet"
    NOT_POLLED_YET = "NotPolledYet", "the first observation in MLflow or a store is not complete"
    NO_ENVIRONMENT = "NoEnvironment", "the environment is not known yet"
    READING_BYTES = "ReadingBytes", "the bytes of the model are being read"
    STALE_OBSERVATION = "StaleObservation", "the last observation is older than `staleAfter`"
    NOTHING_TO_MIRROR = "NothingToMirror", "production does not have it"
    NOTHING_COMPARED = "NothingCompared", "no fact could be compared"
    ROLLING_OUT = "RollingOut", "pods of a former template still run, or the newest one is not seen"
    PODS_DIFFER = "PodsDiffer", "pods of one template run different images (a moved tag) or values"
    VERSIONS_DIFFER = "VersionsDiffer", "production's workloads run different versions of a model"
    NOTHING_RUNS = "NothingRuns", "no pod is ready, and nothing pins what would run"
    CLOCK_SKEW = "ClockSkew", "pods started so close to a change that clocks prove no order"
    NOT_YET_RUNNING = (
        "NotYetRunning",
        "pods were started before the alias moved, the key was written, or files were overwritten",
    )
    NOT_COMPARABLE = (
        "NotComparable",
        "one side's value comes from elsewhere, is not pinned, or is not a version",
    )
    SHELL_SCRIPT = "ShellScript", "a container runs a shell with a script, which is not read"
    FROM_SECRET = "FromSecret", "values of Secrets are never read"
    TOO_MANY_CHANGES = "TooManyChanges", "too many values were tried of one that is not readable"
    NOT_READY = "NotReady", "the model version is not ready"
    NO_FILES = "NoFiles", "the model version has no files"
    TOO_LARGE = (
        "TooLarge",
        "the model version has more bytes than `content.maxBytes`, its run more parameters than "
        "are compared, or a value more than are compared, fit into its place, or can be kept for a "
        "rollback",
    )
    TOO_MANY_FILES = "TooManyFiles", "a model or index has too many files, or folders too deep"
    ARTIFACTS_NOT_READABLE = (
        "ArtifactsNotReadable",
        "the files are neither served by MLflow, nor in an object store that the environment lists",
    )
    NO_SNAPSHOT = "NoSnapshot", "the index store has no complete snapshot of what is served"
    NO_INDEX_STORE = "NoIndexStore", "an environment lacks the index store that is named"
    ALIAS_AMBIGUOUS = "AliasAmbiguous", "an alias of an index store leads to several indexes"
    BUCKET_MISSING = "BucketMissing", "the bucket of an object store does not exist"
    ENDLESS_CHAIN = "EndlessChain", "a version is a copy of a copy, in a loop or a chain too long"
    MODEL_NOT_LOADED = "ModelNotLoaded", "KServe could not load what the InferenceService declares"
    KIND_NOT_INSTALLED = "KindNotInstalled", "the cluster does not have this kind of workload"
    CLUSTER_NOT_ANSWERING = "ClusterNotAnswering", "the API server does not answer"
    BUSY = "Busy", "the object changes faster than it can be read or written"
    NAMESPACE_NOT_READABLE = "NamespaceNotReadable", "no environment lists the namespace"
    FORBIDDEN = "Forbidden", "our account lacks the permission"
    UNAUTHORIZED = "Unauthorized", "our account is not accepted"
    UNREACHABLE = "Unreachable", "no connection to the server"
    TIMED_OUT = "TimedOut", "no response of the server in time"
    UNAVAILABLE = "Unavailable", "the server responds 502 to 504"
    THROTTLED = "Throttled", "the server responds 429; an object store 429 or 503"
    SERVER_ERROR = "ServerError", "the server responds 500"
    GARBAGE = "Garbage", "the response cannot be parsed, or its content is impossible"
    HALF_READ = "HalfRead", "the response ended early, or a file changed while it was read"
    OVERSIZED_ANSWER = "OversizedAnswer", "the response exceeds the size limit"
    ENDLESS_PAGING = "EndlessPaging", "MLflow: a search has too many pages, or repeats one"
    NOT_READ_BACK = "NotReadBack", "MLflow accepted a change of an alias, but does not return it"
    FILES_GONE = "FilesGone", "what held a version's files was deleted for good"
    FILE_NOT_SERVED = "FileNotServed", "MLflow lists a file and does not serve it"
    NOT_SUPPORTED = "NotSupported", "a server (release, settings) or a tracked thing cannot do this"
    HOST_NOT_ALLOWED = "HostNotAllowed", "MLflow's `--allowed-hosts` must list its host name"
    NO_WORKSPACES = "NoWorkspaces", "the environment names a workspace, and MLflow has none"
    NOT_MLFLOW = "NotMlflow", "there is no MLflow at the address"
    REDIRECTED = "Redirected", "the address redirects, which is not followed"
    PROXY_REFUSED = "ProxyRefused", "the proxy of the server does not let us through"
    LINK_LOCAL = "LinkLocal", "the address is link-local, which is never connected to"
    TLS_FAILED = "TLSFailed", "no TLS session with the server: it speaks none, or another version"
    CERTIFICATE_NOT_TRUSTED = "CertificateNotTrusted", "the certificate is not trusted"
    SPELLED_OTHERWISE = "SpelledOtherwise", "MLflow holds it under another spelling"
    BAD_NAME = "BadName", "a URI cannot hold the name of the registered model"
    BAD_REQUEST = "BadRequest", "the server refuses the request"
    UNKNOWN_KIND = "UnknownKind", "this version of the operator does not know the kind"
    INTERNAL_ERROR = "InternalError", "a defect of the operator; the log has the traceback"

    # How a refresh ends
    VERIFIED = "Verified", "staging is as it should be"
    NO_REFRESH = "NoRefresh", "`spec.refresh` is not set, or was removed"
    SUSPENDED = "Suspended", "`spec.refresh.suspend` is set"
    ENVIRONMENT_REVOKED = "EnvironmentRevoked", "an environment does not permit it any more"
    MIRROR_DELETED = "MirrorDeleted", "the StagingMirror was deleted"
    DEADLINE_MISSED = "DeadlineMissed", "it could not start within `startingDeadline`"
    NOT_KNOWN = "NotKnown", "it could have started, but what it would have to change is not known"
    SCHEDULE_CHANGED = "ScheduleChanged", "the schedule was edited while the tick waited"
    STOPPED = "Stopped", "the mirror stalled while the tick waited"
    CHANGED_UNDERNEATH = "ChangedUnderneath", "somebody changed it after it was judged; it is left"
    CONTENDED = "Contended", "another manager reverts a field"
    NOT_THERE = "NotThere", "the object to write no longer exists"
    CONTAINER_GONE = "ContainerGone", "the container to write no longer exists"
    AMBIGUOUS = "Ambiguous", "a variable to write, or a flag, stands more than once in a container"
    NOT_A_LOADER = "NotALoader", "the CronJob has no label `stagingmirror.dev/loader: VARIABLE`"
    IMMUTABLE = "Immutable", "the ConfigMap is immutable"
    PAUSED = "Paused", "the workload is paused, so pods do not follow its newest template"
    ON_DELETE = "OnDelete", "the workload replaces pods only when they are deleted"
    PARTITIONED = "Partitioned", "the partition of the StatefulSet keeps pods as they are"
    NEEDS_PROMOTION = "NeedsPromotion", "it waits, or would wait, until somebody promotes it"
    ROLLOUT_ABORTED = "RolloutAborted", "Argo Rollouts went back to the former template"
    ROLLOUT_INVALID = "RolloutInvalid", "Argo Rollouts does not accept the spec of the Rollout"
    TEMPLATE_ELSEWHERE = "TemplateElsewhere", "the pod template is another object's (`workloadRef`)"
    READ_ONLY_KIND = "ReadOnlyKind", "workloads of this kind are compared, and never written"
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff", "as reported by the kubelet"
    ERR_IMAGE_PULL = "ErrImagePull", "as reported by the kubelet"
    ERR_IMAGE_NEVER_PULL = "ErrImageNeverPull", "as reported by the kubelet"
    INVALID_IMAGE_NAME = "InvalidImageName", "as reported by the kubelet"
    CRASH_LOOP_BACK_OFF = "CrashLoopBackOff", "as reported by the kubelet"
    CREATE_CONTAINER_ERROR = "CreateContainerError", "as reported by the kubelet"
    CREATE_CONTAINER_CONFIG_ERROR = "CreateContainerConfigError", "as reported by the kubelet"
    RUN_CONTAINER_ERROR = "RunContainerError", "as reported by the kubelet"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded", "as the workload's controller reports"
    ROLLOUT_TIMEOUT = "RolloutTimeout", "the rollout was not complete within `rolloutTimeout`"
    NOT_VERIFIED = "NotVerified", "what runs is not what was applied"
    TIMEOUT = "Timeout", "it did not end within `timeout`"
    LOADER_FAILED = "LoaderFailed", "a run of staging's own loader failed"
    LOADER_TIMEOUT = "LoaderTimeout", "a run of staging's own loader took longer than its `timeout`"
    LOADER_STILL_RUNS = "LoaderStillRuns", "a run of staging's own loader does not end"
    JOB_VANISHED = "JobVanished", "the Job of the loader was deleted"
    JOB_NAME_TAKEN = "JobNameTaken", "there is a foreign Job with the name of ours"
    STILL_NAMED = "StillNamed", "an old copy stays: something names it, or that is not known"
    ROLE_MISSING = "RoleMissing", "`assumeRole` names a role that does not exist"
    COPY_DIFFERS = "CopyDiffers", "the copied bytes are not production's"
    REGISTRY_FULL = "RegistryFull", "staging's MLflow has no room for the copy"
    REGISTRY_FAILED = "RegistryFailed", "staging's MLflow failed to store the copy"
    REGISTRY_FORBIDDEN = "RegistryForbidden", "we may not create versions in staging's MLflow"
    REGISTRY_REFUSED = "RegistryRefused", "staging's MLflow refuses the copy"
    REGISTRY_CHANGED = "RegistryChanged", "somebody changed the copy meanwhile"
    COPIES_NOT_ALLOWED = "CopiesNotAllowed", "production's admin does not let its indexes be copied"
    NO_MASKING_JOB = "NoMaskingJob", "production wants its copies masked, and staging has no job"
    NAMESPACE_OF_A_TEAM = "NamespaceOfATeam", "the masking job is where a team could change it"
    MASKING_FAILED = "MaskingFailed", "the masking job failed, or took longer than its `timeout`"
    NOT_MASKED = "NotMasked", "the masking job ended well, and the index is not masked"
    STORE_NOT_PROVEN = "StoreNotProven", "the index stores are not proven to be two"
    INDEX_DIFFERS = "IndexDiffers", "what was restored is not what the snapshot should hold"
    NOT_IN_SNAPSHOT = "NotInSnapshot", "the newest snapshot does not hold what production changed"
    SERVER_SETTINGS = "ServerSettings", "staging's database or its roles have other settings"
    NO_ROOM = "NoRoom", "a restore would leave less of the disk free than `minFreeSpace`"
    REGISTRY_NOT_PROVEN = "RegistryNotProven", "the registries are not proven to be two"
    STORAGE_FULL = "StorageFull", "the storage is full, or would be"
    QUOTA_EXCEEDED = "QuotaExceeded", "a ResourceQuota refuses the write"
    ADMISSION_DENIED = "AdmissionDenied", "an admission rule refuses the write"
    REWRITTEN_BY_ADMISSION = "RewrittenByAdmission", "an admission rule changes what is written"
    DRY_RUN_NOT_SUPPORTED = "DryRunNotSupported", "a webhook does not support a dry run"
    NAMESPACE_TERMINATING = "NamespaceTerminating", "the namespace is being deleted"
    NOT_ROLLED_BACK = "NotRolledBack", "after rollback, something is not as before"
    NOT_LEADING = "NotLeading", "another operator leads"

    # An index store
    INDEX_MISSING = (
        "IndexMissing",
        "the index store does not have the alias, the index (table, folder) or the snapshot",
    )
    LATER_VERSION = "LaterVersion", "the snapshot is of a later version than staging's store"
    ALIAS_MOVED = "AliasMoved", "the alias leads elsewhere than was read before"
    NOT_AN_ALIAS = "NotAnAlias", "what has the name of the alias is not one that can be moved"
    NAME_TAKEN = "NameTaken", "there is something else by the name that would be restored"
    INDEX_SERVED = "IndexServed", "an alias leads to the index that would be removed"
    SNAPSHOT_GONE = "SnapshotGone", "the repository does not have the snapshot any more"
    TOO_MANY_SNAPSHOTS = "TooManySnapshots", "the index has more snapshots than are read"
    REPOSITORY_MISSING = "RepositoryMissing", "the index store does not have the repository"
    REPOSITORY_WRITABLE = "RepositoryWritable", "staging could write to production's snapshots"
    RESTORE_FAILED = "RestoreFailed", "the index store gave a restore up, or refuses it"
    NOT_OPENSEARCH = "NotOpenSearch", "there is no OpenSearch at the address"
    NO_VECTORS = "NoVectors", "the table has no column of vectors"
    COLUMNS_DIFFER = "ColumnsDiffer", "the alias shows other columns than the restored table has"
    INDEX_DAMAGED = (
        "IndexDamaged",
        "the index, or the copy of it, has other bytes than its manifest names",
    )

    # An endpoint
    NO_ENDPOINT = "NoEndpoint", "an environment lacks the endpoint that is named"
    SAMPLES_INVALID = "SamplesInvalid", "the samples of an endpoint cannot be sent as they are"
    TOO_FEW_SAMPLES = "TooFewSamples", "fewer samples could be compared than `minSamples`"
    TOO_NOISY = "TooNoisy", "production answers the same samples differently"
    ENDPOINT_FAILED = "EndpointFailed", "an endpoint answers too many of the samples with an error"
    NOT_PROBED_YET = "NotProbedYet", "samples were not sent yet, or not since a refresh"
    PROBE_OVERDUE = "ProbeOverdue", "samples could not be sent again in time"

    # A MirrorEnvironment
    REACHABLE = "Reachable", "its servers answer, and the namespaces can be read"
    READABLE = "Readable", "the namespaces can be read"
    NOTHING_LISTED = "NothingListed", "the environment has neither namespaces nor a server"
    DELETING = "Deleting", "the environment is being deleted"
    CANNOT_WRITE = "CannotWrite", "our account can only read there"
    CAN_WRITE = "CanWrite", "our account could write to production; remove these rights from it"
    NO_WRITE_ALLOWED = "NoWriteAllowed", "our account may do none of the writes that were reviewed"
    SECRET_MISSING = "SecretMissing", "the Secret does not exist"
    SECRET_FORBIDDEN = "SecretForbidden", "our account may not read the Secret"
    SECRET_NOT_LABELLED = "SecretNotLabelled", "the Secret lacks the environment's label"
    SECRET_INCOMPLETE = (
        "SecretIncomplete",
        "the Secret has no token, no username and password, or no keys of an object store",
    )
    SECRET_INVALID = "SecretInvalid", "a value of the Secret is not UTF-8"
    INVALID_ADDRESS = "InvalidAddress", "`spec.mlflow.url`, or `endpoint` of an object store"
    INVALID_CREDENTIALS = "InvalidCredentials", "the credentials cannot be sent in a header"
    INVALID_PROXY = (
        "InvalidProxy",
        "a `proxyUrl`: that proxy could read credentials sent by http://",
    )
    INVALID_CA_BUNDLE = "InvalidCABundle", "`caBundle` of `spec.mlflow` or of an object store"
    EXPIRES_LATER = "ExpiresLater", "the credentials are good for a while"
    EXPIRES_SOON = "ExpiresSoon", "the credentials expire within a week, or a fifth of their time"
    OWN_CLUSTER = "OwnCluster", "`spec.cluster` leads to the operator's own cluster"
    CLUSTER_NOT_PROVEN = "ClusterNotProven", "`spec.cluster` may be the operator's own cluster"
    KUBECONFIG_REFUSED = "KubeconfigRefused", "`spec.cluster` has a part that is refused"

    # Errors of a command, or of the operator's start
    NO_MIRROR = "NoMirror", "there is no such StagingMirror"
    UNKNOWN_COMPONENT = "UnknownComponent", "the mirror tracks no such component"
    INVALID_NAME = "InvalidName", "the name has a namespace where none is expected"
    INVALID_TIME = "InvalidTime", "not a time in RFC 3339"
    INVALID_DURATION = "InvalidDuration", "not a duration like `1h30m`"
    INVALID_QUANTITY = "InvalidQuantity", "not a size like `2Gi`"
    NO_KUBECONFIG = "NoKubeconfig", "there is no kubeconfig"
    BAD_KUBECONFIG = "BadKubeconfig", "the kubeconfig cannot be used"
    NO_SERVICE_ACCOUNT = "NoServiceAccount", "the files of the pod's service account cannot be read"
    INVALID_SEALING_KEY = "InvalidSealingKey", "the key that seals values cannot be used"
    NOT_FOUND = "NotFound", "the API server does not have the object"
    CONFLICT = "Conflict", "the object has changed since it was read"
    INVALID = "Invalid", "the API server refuses the object"
    ALREADY_THERE = "AlreadyThere", "MLflow has the object already, or it was changed meanwhile"
    NOT_READ = "NotRead", "reading the bytes of a model ended early"
