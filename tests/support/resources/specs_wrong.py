"""Objects of ours that must be refused, each with words that help and must be said."""

from support.acceptances.specs import REFUSED as REFUSED_ACCEPT
from support.acceptances.specs import TIME
from support.acceptances.specs import WRONG as WRONG_ACCEPT
from support.controllers.specs import WORKLOAD, WRONG_PARTS, variable
from support.index.specs import WRONG_STORES
from support.parity.specs import WRONG as WRONG_PARITY
from support.resources.resources import (
    Object,
    environment,
    hold,
    mirror,
    model_alias,
    pipeline_image,
    setting,
)
from support.resources.specs_right import mlflow, refreshing
from support.serving.specs import WRONG as WRONG_SERVING
from support.settings.specs import AT_HOME, FLAG, FORM
from support.settings.specs import WRONG as WRONG_PLACES

ONE_KIND = "give exactly one of modelAlias, pipelineImage, setting, modelFiles"
LOADED = "loadedBy needs container and variable, or restart: true alone"
DURATION = "write a duration as numbers with ms, s, m or h, e.g. 30s"
URL = "url must be http:// or https:// with a host, and without credentials, '?' and '#'"
PROXY = "proxyUrl must be http:// or https:// with a host, and without credentials"

CLUSTER: Object = {"kubeconfigSecretRef": {"name": "production-cluster", "key": "kubeconfig"}}

INVALID: dict[str, tuple[Object, str]] = {
    **WRONG_STORES,
    **WRONG_PARITY,
    **WRONG_PARTS,
    **WRONG_SERVING,
    **WRONG_PLACES,
    **WRONG_ACCEPT,
    "nothing tracked": (mirror(track=[]), "spec.track"),
    "65 components": (mirror(track=[setting(f"c{i}") for i in range(65)]), "spec.track"),
    "an entry with two kinds": (
        mirror(track=[model_alias() | {"setting": setting()["setting"]}]),
        ONE_KIND,
    ),
    "a component without name": (mirror(track=[{"setting": setting()["setting"]}]), "name"),
    "a component's name in capitals": (mirror(track=[setting("Data")]), "use lower-case letters"),
    "an unknown mode": (mirror(track=[setting() | {"mode": "Maybe"}]), "mode"),
    "an unknown workload kind": (
        mirror(track=[model_alias(loaded_by=variable(kind="ReplicaSet"))]),
        "kind",
    ),
    "loadedBy with nothing": (mirror(track=[model_alias(loaded_by=WORKLOAD)]), LOADED),
    "loadedBy with a container alone": (
        mirror(track=[model_alias(loaded_by=WORKLOAD | {"container": "c"})]),
        LOADED,
    ),
    "restart with a variable": (
        mirror(track=[model_alias(loaded_by=variable(restart=True))]),
        LOADED,
    ),
    "staging's loadedBy with nothing": (
        mirror(track=[model_alias(staging={"loadedBy": [{"kind": "Deployment", "name": "s"}]})]),
        LOADED,
    ),
    "staging's loadedBy with a namespace": (
        mirror(track=[model_alias(staging={"loadedBy": [variable(namespace="x")]})]),
        AT_HOME,
    ),
    "a model with a colon": (
        mirror(track=[model_alias(staging={"model": "models:/fraud"})]),
        "neither '/' nor ':'",
    ),
    "an image without container": (
        mirror(track=[{"name": "p", "pipelineImage": {"production": {"kind": "Deployment"}}}]),
        "pipelineImage.production",
    ),
    "a repository with a tag": (
        mirror(track=[pipeline_image(staging={"repository": "registry.example/features:latest"})]),
        "without tag and digest",
    ),
    "a ConfigMap key with a space": (
        mirror(
            track=[
                {"name": "s", "setting": {"production": {"configMap": {"name": "a", "key": "b c"}}}}
            ]
        ),
        "a key has letters, digits",
    ),
    "a variable with =": (
        mirror(track=[model_alias(loaded_by=variable(variable="A=B"))]),
        "without '=' and spaces",
    ),
    "a loader without container": (
        mirror(track=[setting(load={"cronJob": "load", "variable": "SNAPSHOT"})]),
        "load.container",
    ),
    "a loader with a bad timeout": (
        mirror(
            track=[
                setting(
                    load={"cronJob": "l", "container": "c", "variable": "V", "timeout": "1 hour"}
                )
            ]
        ),
        DURATION,
    ),
    "a loader without time": (
        mirror(
            track=[
                setting(load={"cronJob": "l", "container": "c", "variable": "V", "timeout": "0s"})
            ]
        ),
        "timeout must be at least 1s",
    ),
    "no time to start": (refreshing(startingDeadline="0s"), "startingDeadline must be at least 1s"),
    "no time to refresh": (refreshing(timeout="999ms"), "timeout must be at least 1s"),
    "no time to roll out": (refreshing(rolloutTimeout="0h"), "rolloutTimeout must be at least 1s"),
    "a side that is polled without a pause": (
        environment(minCheckInterval="10ms"),
        "minCheckInterval must be at least 1s",
    ),
    "bytes read without end": (
        environment(content={"interval": "0s"}),
        "interval must be at least 1m",
    ),
    "no model small enough": (
        environment(content={"maxBytes": "0Gi"}),
        "maxBytes must be more than 0",
    ),
    "a duration in days": (mirror(maxDriftAge="3 days"), DURATION),
    "a duration of 17 characters": (mirror(maxDriftAge="1h1m1s1ms1h1m1s1m"), "maxDriftAge"),
    "a bare number as duration": (mirror(staleAfter="120"), DURATION),
    "checkInterval below 5s": (mirror(checkInterval="4999ms"), "checkInterval must be at least 5s"),
    "staleAfter as short as checkInterval": (
        mirror(checkInterval="2m"),
        "staleAfter must be longer than checkInterval",
    ),
    "one environment on both sides": (
        mirror(staging={"environment": "production"}),
        "name an environment with role Staging for staging",
    ),
    "production without namespace": (
        mirror(production={"environment": "production"}),
        "production.namespace",
    ),
    "a refresh without schedule": (mirror(refresh={"suspend": True}), "schedule"),
    "an empty schedule": (refreshing(schedule=""), "schedule"),
    "a bad settle": (refreshing(settle="soon"), DURATION),
    "a companion that is not tracked": (
        mirror(track=[setting() | {"with": ["index"]}]),
        "with names a component that is not in track",
    ),
    "an unknown role": (environment(role="Testing"), "role"),
    "usableFrom with a star": (environment(usableFrom=["*"]), "exact name of a namespace"),
    "namespaces with a pattern": (environment(namespaces=["ml-*"]), "exact name of a namespace"),
    "sharesRegistryWith in production": (
        environment(sharesRegistryWith="other"),
        "sharesRegistryWith is for role Staging only",
    ),
    "maxConcurrentRefreshes in production": (
        environment(maxConcurrentRefreshes=2),
        "maxConcurrentRefreshes is for role Staging only",
    ),
    "a cluster in staging": (
        environment("staging", "Staging", cluster=CLUSTER),
        "cluster is for role Production only",
    ),
    "a cluster without a Secret": (environment(cluster={}), "kubeconfigSecretRef"),
    "a cluster whose Secret has no key": (
        environment(cluster={"kubeconfigSecretRef": {"name": "production"}}),
        "kubeconfigSecretRef.key",
    ),
    "a cluster by a key that no Secret has": (
        environment(cluster={"kubeconfigSecretRef": {"name": "production", "key": "a/b"}}),
        "key",
    ),
    "no refresh at once": (
        environment("staging", "Staging", maxConcurrentRefreshes=0),
        "maxConcurrentRefreshes",
    ),
    "an MLflow of another scheme": (mlflow("file:///mlruns"), URL),
    "an MLflow without scheme": (mlflow("mlflow.ml-prod.svc:5000"), URL),
    "an MLflow without host": (mlflow("http:///x"), URL),
    "an MLflow with credentials in its address": (mlflow("http://u:p@mlflow"), URL),
    "an MLflow with a query": (mlflow("http://mlflow?x=1"), URL),
    "an MLflow with a fragment": (mlflow("http://mlflow#x"), URL),
    "a proxy of another scheme": (mlflow("https://a", proxyUrl="socks5://proxy:1080"), PROXY),
    "a proxy with credentials in its address": (
        mlflow("https://a", proxyUrl="http://u:p@proxy:3128"),
        PROXY,
    ),
    "a proxy without scheme": (mlflow("https://a", proxyUrl="proxy.example:3128"), PROXY),
    "an MLflow that is no address": (mlflow("not an address"), URL),
    "an unnamed Secret": (mlflow("http://m", credentialsSecretRef={}), "credentialsSecretRef.name"),
    "a size in words": (environment(content={"maxBytes": "50 GB"}), "write a size as a number"),
    "a readable annotation that is no key": (
        environment(readable={"annotations": ["a b"]}),
        "write an annotation's whole key",
    ),
    "a comparable ConfigMap that is no name": (
        environment(comparable={"configMaps": ["Training"]}),
        "write the object's exact name (metadata.name), or one with *",
    ),
    "a readable argument with its value": (
        environment(readable={"arguments": ["--tokenizer-revision=main"]}),
        FLAG,
    ),
    "a comparable argument without dashes": (
        environment(comparable={"arguments": ["max-model-len"]}),
        FLAG,
    ),
    "a readable model with an alias": (
        environment(readable={"models": ["fraud:champion"]}),
        "names of models contain neither '/' nor ':'",
    ),
    "a form with a space": (mirror(track=[setting(staging={"value": "rm -rf {value}"})]), FORM),
    "a form with a variable": (mirror(track=[setting(staging={"value": "$({value})"})]), FORM),
    "a form in two lines": (mirror(track=[setting(staging={"value": "{value}\nx"})]), FORM),
    "a form with the value twice": (
        mirror(track=[setting(staging={"value": "{value}{value}"})]),
        FORM,
    ),
    "a hold without end": (
        {**hold(), "spec": {"reason": "candidate"}},
        "until",
    ),
    "a hold without reason": ({**hold(), "spec": {"until": "2099-01-01T00:00:00Z"}}, "reason"),
    "a hold until tomorrow": (hold(until="tomorrow"), TIME),
    "a hold until a time that no clock can write": (
        hold(until="9999-12-31T23:59:59.9999999Z"),
        TIME,
    ),
    "a hold of a component in capitals": (hold(components=["Data"]), "use lower-case letters"),
}

SERVER_ONLY: dict[str, tuple[Object, str]] = {
    **REFUSED_ACCEPT,
    # parse takes these: a newer CRD may have a kind that this operator does not know, and lists
    # with doubles are only ever seen by the API server.
    "an entry without kind": (mirror(track=[{"name": "x"}]), ONE_KIND),
    "a hold with a blank reason": (hold(reason="\u2028 …"), "write words that somebody can read"),
    "two components of one name": (mirror(track=[setting(), setting()]), "Duplicate value"),
    "a namespace listed twice": (environment(namespaces=["a", "a"]), "Duplicate value"),
    "an environment's name of 64 characters": (environment("a" * 64), "at most 63 characters"),
    "an environment's name with a dot": (environment("eu.production"), "use a name without dots"),
    "a field that does not exist": (mirror(tolerance="1"), 'unknown field "spec.tolerance"'),
    "a later kind": (
        mirror(track=[{"name": "x", "laterKind": {"store": "vectors"}}]),
        'unknown field "spec.track[0].laterKind"',
    ),
}
