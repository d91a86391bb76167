"""Moving an alias of staging, with read-back."""

from stagingmirror.registry.server import MlflowServer


async def get_alias(server: MlflowServer, name: str, alias: str) -> str | None:
    """The version that the alias names; None: the model is there and has no such alias.

    Raises NotThere where the registered model is not there.
    """
    raise NotImplementedError


async def set_alias(server: MlflowServer, name: str, alias: str, version: str) -> None:
    """Let the alias name this version, and read back that it does. Idempotent."""
    raise NotImplementedError


async def delete_alias(server: MlflowServer, name: str, alias: str) -> None:
    """Remove the alias, and read back that it is gone. Idempotent."""
    raise NotImplementedError
