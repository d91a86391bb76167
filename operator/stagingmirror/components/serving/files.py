"""Files of a container: keys of ConfigMaps that are mounted into it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import join, normpath

from stagingmirror.components.serving.offers import Offered
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.sources.kubernetes.subjects import ConfigMapSubject, WorkloadSubject
from stagingmirror.sources.kubernetes.subjects.serving import ContainerSettings, Mount

# Characters of all files of a container; with more, the last ones are not read.
_MOST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Files:
    """Of a workload. They are as the ConfigMaps are now: what a program read when it started is not
    known.
    """

    reading: Reading
    workload: WorkloadSubject
    offered: Offered

    def of(self, container: ContainerSettings) -> Mapping[str, str]:
        """Texts by path, of ConfigMaps that both environments let be shown. What is not there, or
        not seen, is not among them.
        """
        found: dict[str, str] = {}
        left = _MOST
        for mount in container.mounts:
            for path, text in self._of(mount):
                left -= len(text)
                if left >= 0:
                    found[path] = text
        return found

    def _of(self, mount: Mount) -> Iterator[tuple[str, str]]:
        data = self._data(mount.config_map)
        for key, path in mount.items or ((key, key) for key in data):
            if key not in data:
                continue
            if not mount.only:
                yield normpath(join(mount.path, path)), data[key]
            elif normpath(mount.only) == normpath(path):
                yield normpath(mount.path), data[key]

    def _data(self, name: str) -> Mapping[str, str]:
        if not self.offered.config_map(name):
            return {}
        cluster, _, namespace, _ = self.workload
        try:
            return self.reading.get(ConfigMapSubject(cluster, namespace, name)).data
        except Ended:
            return {}
