"""`python -m bench.bare KUBECONFIG NAMESPACE TWINS`: watches what the operator watches, and for
each change PUTs the status of the mirrors that track it. It knows nothing but one value that is
right, and keeps nothing but the last body of each mirror.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from bench.scene import AS_IN_PRODUCTION, DIGEST, TOKENIZER, Object
from bench.wire import Api

Twins = dict[str, Object]


class Bare:
    def __init__(self, api: Api, namespace: str, path: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = path
        self._twins: Twins = {}
        self._readers: dict[str, list[str]] = {}

    async def run(self) -> None:
        listed = await self._api.request("GET", self._path)
        for twin in listed["items"]:
            del twin["metadata"]["managedFields"]
            self._twins[twin["metadata"]["name"]] = twin
            for subject in _subjects(twin):
                self._readers.setdefault(subject, []).append(twin["metadata"]["name"])
        core, apps = "/api/v1", "/apis/apps/v1"
        async with asyncio.TaskGroup() as group:
            follow = [
                self._follow(f"{core}/namespaces/{self._namespace}/configmaps", _config_map),
                self._follow(f"{core}/namespaces/{self._namespace}/pods", _pod),
                self._follow(f"{apps}/namespaces/{self._namespace}/deployments", _deployment),
            ]
            tasks = [group.create_task(each) for each in follow]
            await asyncio.sleep(1)
            print("watching", flush=True)
            await asyncio.wait(tasks)

    async def _follow(self, path: str, judge: Callable[[Object], tuple[str, bool]]) -> None:
        listed = await self._api.request("GET", path)
        async for event in self._api.watch(path, listed["metadata"]["resourceVersion"]):
            subject, is_right = judge(event["object"])
            names = self._readers.get(subject, ())
            await asyncio.gather(*(self._put(name, is_right=is_right) for name in names))

    async def _put(self, name: str, *, is_right: bool) -> None:
        twin = self._twins[name]
        twin["status"]["sync"] = "InSync" if is_right else "Drifted"
        answer = await self._api.request("PUT", f"{self._path}/{name}/status", twin)
        del answer["metadata"]["managedFields"]
        self._twins[name] = answer


def _subjects(twin: Object) -> list[str]:
    """What a mirror of the bench names on its staging side."""
    _, image, setting, _ = twin["spec"]["track"]
    server = image["pipelineImage"]["production"]["name"]
    return [setting["setting"]["production"]["configMap"]["name"], server, f"{server}-1-a"]


def _config_map(body: Object) -> tuple[str, bool]:
    return body["metadata"]["name"], body.get("data", {}).get("snapshot") == AS_IN_PRODUCTION


def _deployment(body: Object) -> tuple[str, bool]:
    annotations = body["metadata"]["annotations"]
    return body["metadata"]["name"], annotations.get(TOKENIZER) == AS_IN_PRODUCTION


def _pod(body: Object) -> tuple[str, bool]:
    [container] = body["status"]["containerStatuses"]
    return body["metadata"]["name"], container["imageID"].endswith(DIGEST)


async def main() -> None:
    kubeconfig, namespace, path = sys.argv[1:]
    async with Api.connect(Path(kubeconfig)) as api:
        await Bare(api, namespace, path).run()


if __name__ == "__main__":
    asyncio.run(main())
