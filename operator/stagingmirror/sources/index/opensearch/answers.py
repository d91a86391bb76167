"""What the answers of an OpenSearch must hold, as pydantic reads them; the rest is left out."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stagingmirror.sources.index.opensearch.facts import Json

Name = Annotated[str, Field(min_length=1, max_length=1024)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Version(_Answer):
    number: Annotated[str, Field(pattern=r"^\d{1,4}(\.\d{1,6}){1,3}[-\w.]{0,40}$")]
    distribution: str = "elasticsearch"


class Root(_Answer):
    """Of ``GET /``."""

    cluster_uuid: Name
    version: Version

    @property
    def is_opensearch(self) -> bool:
        return self.version.distribution == "opensearch"

    @property
    def product(self) -> str:
        return f"{'OpenSearch' if self.is_opensearch else 'Elasticsearch'} {self.version.number}"


class Alias(_Answer):
    filter: Any = None
    index_routing: Any = None
    search_routing: Any = None

    @property
    def is_plain(self) -> bool:
        return not (self.filter or self.index_routing or self.search_routing)


class Aliased(_Answer):
    aliases: dict[Name, Alias]


class Shards(_Answer):
    total: Count
    failed: Count


class Partial(_Answer):
    """What each shard had a part in."""

    shards: Shards = Field(alias="_shards")


class Counted(Partial):
    count: Count


class Hit(_Answer):
    id: Name = Field(alias="_id")
    source: Json | None = Field(default=None, alias="_source")


class _Hits(_Answer):
    hits: list[Hit]


class Found(Partial):
    timed_out: bool
    hits: _Hits


class SequenceNumber(_Answer):
    max_seq_no: int


class _Routing(_Answer):
    primary: bool


class ShardStats(_Answer):
    routing: _Routing
    seq_no: SequenceNumber | None = None


class IndexStats(_Answer):
    uuid: Name
    shards: dict[str, list[ShardStats]] = Field(default_factory=dict)


class Stats(_Answer):
    indices: dict[Name, IndexStats] = Field(default_factory=dict)


class Listed(_Answer):
    """A snapshot; the times and the version only where all of it was requested."""

    snapshot: Name
    uuid: Name
    state: Name
    indices: list[Name]
    version: str = ""
    start_time_in_millis: Count = 0
    metadata: Json | None = None


class Snapshots(_Answer):
    snapshots: list[Listed]


class Repository(_Answer):
    type: Name
    settings: Json = Field(default_factory=dict)


class Size(_Answer):
    total_in_bytes: Count
    recovered_in_bytes: Count
    reused_in_bytes: Count = 0


class _Recovering(_Answer):
    size: Size


class Recovery(_Answer):
    """Of one copy of a shard."""

    id: Count
    type: str
    stage: str
    primary: bool
    source: Json = Field(default_factory=dict)
    index: _Recovering


class Recovered(_Answer):
    shards: list[Recovery]


class Health(_Answer):
    status: str
    initializing_shards: Count
    unassigned_shards: Count


class Acknowledged(_Answer):
    acknowledged: bool


class Accepted(_Answer):
    accepted: bool


class _Disk(_Answer):
    total_in_bytes: Count
    available_in_bytes: Count


class _FileSystem(_Answer):
    total: _Disk


class Node(_Answer):
    roles: list[str] = Field(default_factory=list)
    fs: _FileSystem


class Nodes(_Answer):
    nodes: dict[str, Node]


class Login(_Answer):
    roles: list[str]


class Privileges(_Answer):
    has_all_requested: bool
    index: dict[str, dict[str, bool]]


ROOT = TypeAdapter(Root)
ALIASES = TypeAdapter(dict[Name, Aliased])
INDEXES = TypeAdapter(dict[Name, Json])
COUNTED = TypeAdapter(Counted)
FOUND = TypeAdapter(Found)
STATS = TypeAdapter(Stats)
SNAPSHOTS = TypeAdapter(Snapshots)
REPOSITORIES = TypeAdapter(dict[Name, Repository])
RECOVERIES = TypeAdapter(dict[Name, Recovered])
HEALTH = TypeAdapter(Health)
ACKNOWLEDGED = TypeAdapter(Acknowledged)
ACCEPTED = TypeAdapter(Accepted)
NODES = TypeAdapter(Nodes)
LOGIN = TypeAdapter(Login)
PRIVILEGES = TypeAdapter(Privileges)
ANY = TypeAdapter(Json)
