"""What a process runs by, in a test."""

from collections.abc import Callable

from stagingmirror.runtime import Runtime
from support.kinds.builders import NOW


def a_runtime(
    clock: Callable[[], float] = lambda: NOW, leading: Callable[[], bool] = lambda: True
) -> Runtime:
    """A process that leads, at ``NOW``, unless said otherwise."""
    return Runtime(clock=clock, leading=leading)
