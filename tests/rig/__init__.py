"""The rig: a real Kubernetes and real MLflow servers for tests, the demo and people.

Programs are built from Go modules once (`tools/`, `programs.py`) and run as plain processes. What a
run starts and makes is gone when it stops, and also when its driver is killed (`run.py`,
`sweep.py`).

In tests, by fixture (`support/operators/rigs.py`, a plugin that is always loaded):

    def test_something(control_plane, kube, namespace): ...

- `control_plane`: `ControlPlane`, session scoped (one per xdist worker). etcd, kube-apiserver and
  kube-controller-manager; no node, so pods stay Pending: write their status yourself.
- `kube`: `Kube`, its API as administrator; plain dicts.
- `namespace`: the name of a fresh namespace whose default ServiceAccount is there, deleted
  afterwards. More of them: `support.operators.rigs.make_namespace(kube)`.
- `mlflow_production`, `mlflow_staging`: `MlflowServer`, session scoped, started side by side;
  `mlflow_auth`: one with basic authentication; its tests are one xdist group.
- `cluster`: `Cluster`, session scoped, needs root on Linux; tests are marked `e2e` and
  `xdist_group("cluster")`. `cluster_namespace`: a fresh namespace there.

`ControlPlane(name="control-plane")` and `Cluster(name="cluster")`, both context managers
(`kubernetes.py`):

    .kubeconfig, .server, .ca_path, .admin_token
    .kube                                 Kube as administrator (system:masters)
    .kubectl(*args, input=None, kubeconfig=None) -> str    CalledProcessError with .stderr
    .service_account(namespace, name) -> Path    kubeconfig; the account is created if absent
    .as_service_account(namespace, name) -> Kube
    .token(namespace, name, seconds=7200) -> str
    .restart_api_server(grace=0), .stop_api_server(grace=0), .start_api_server()
    .pause_api_server(), .resume_api_server()    SIGSTOP: connections stay, nobody answers
    .run_of                               the Run: .folder (logs), .start(name, command) -> Process
    .stop()

`Cluster` has more:

    .registry                             "127.0.0.1:5000", inside
    .images.build(name, tag="1", repository=None, **constants) -> "127.0.0.1:5000/name@sha256:…"
        pause, features (logic="…"), vectors, model-server (build="…"), never-ready, crashes,
        loader; the head comment of each `images/*/main.go` says what it does and which variables
        it reads
    .images.tag(reference, tag), .images.copy(reference, repository) -> reference
    .mlflow(namespace, name="mlflow", password=None) -> MlflowServer
        pods call http://mlflow.<namespace>.svc:5000, the host calls .probe; not awaited: start
        several, then .await_ready() on each
    .forward(host_or_address, port) -> a port of the host's 127.0.0.1 (pod, Service or node address)
    .reach(other, host, port) -> a port of this node that leads into another cluster
    .reach_api_server(other) -> "https://…", for pods of this one
    .admit(port) -> a port of this node that leads to a port of the host's 127.0.0.1
    .serve(namespace, name, port)         pods call a port of the node <name>.<namespace>.svc:5000
    .run([...]) -> str                    a command inside the network, with the host's files
    .enclosure.in_network, .in_node       prefixes of commands to start inside
    .kubeconfig_inside                    for processes that run inside the network

`Kube(server, ca, token)` (`kube.py`): request(method, path, body), create(obj), apply(*objs),
get(api_version, kind, name, namespace), find(…) -> None if absent, list(api_version, kind,
namespace), patch(api_version, kind, name, namespace, patch, how="merge"|"strategic"|"json"|"apply",
subresource="status"), delete(…). Errors are `Refused` with .code and .message.

`MlflowServer(name, host="127.0.0.1", password=None)` (`mlflow_server.py`): .url, .headers,
.username, .password, .artifacts (folder), .stop(), .start() with the same data, .pause(),
.resume(), .close().

`ObjectStore()` (`stores/object_store.py`): a real S3 server with the buckets of both sides: .url,
.admin, .reader, .watcher, .writer (accounts), .put(bucket, key, data), .pause(), .resume() and
.close().

`endpoints/`: servers that answer samples, in pairs by the fixtures `features_pair` (plain JSON and
embeddings), `scoring_pair`, `mlserver_pair` and `feast_pair`; their tests are
`xdist_group("parity")` and use `support.parity`. Each computes what `endpoints/logic.py` says:
.base, .follow(Logic(…)), .serve(model) of those with a model, .pause(), .resume(), .close().

`models.py` registers versions: `log_model` trains a small scikit-learn model, `log_files` only logs
files.

`until(condition, within=seconds, what="…")` (`run.py`) waits, `free_port()` finds a port.
"""
