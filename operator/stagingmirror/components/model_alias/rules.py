"""What must hold between the registries of both sides. CEL cannot express it: it needs the
environments and, to know one registry behind two addresses, what the registries answer.
"""

from dataclasses import replace

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.component import Sides
from stagingmirror.components.model_alias.names import alias_in
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import may_be_one
from stagingmirror.errors import CannotRefresh
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from stagingmirror.view import View


def registry_problem(name: str, entry: ModelAlias, sides: Sides, view: View) -> Why | None:
    """Why the alias cannot be compared at all; None: nothing is wrong with it."""
    urls = []
    for side in (sides.production, sides.staging):
        if side.spec.mlflow is None:
            return Why(
                Reason.NO_REGISTRY,
                f'track[{name}]: environment "{side.environment}" has no mlflow; ask its owner to '
                "add it, or remove the entry.",
            )
        urls.append(side.spec.mlflow.registry)
    production, staging = alias_in(entry, sides.production), alias_in(entry, sides.staging)
    proven = _same_registry(sides, staging, view)
    shared = proven is True or urls[0] == urls[1]
    if shared and may_be_one(production, staging):
        return Why(
            Reason.SAME_THING,
            f"track[{name}]: production and staging {_one_alias(production, staging)}"
            f"{_proof(urls)}); name another alias for staging{_if_two(urls)}.",
        )
    declared = shares_registry(sides)
    if shared and not declared:
        are = "are" if urls[0] == urls[1] else "seem to be"
        return Why(
            Reason.SHARED_REGISTRY,
            f'track[{name}]: environments "{production.environment}" and "{staging.environment}" '
            f"{are} one registry{_proof(urls)}; ask the owner of the latter to set "
            f"sharesRegistryWith: {production.environment}{_if_two(urls)}.",
        )
    if declared and proven is False:
        return Why(
            Reason.NOT_SHARED_REGISTRY,
            f'track[{name}]: environment "{staging.environment}" has sharesRegistryWith: '
            f"{production.environment}, but they are two registries; ask its owner to remove it.",
        )
    return None


def refuse_unproven(sides: Sides, alias: RegistryAlias, view: View) -> None:
    """Before anything is written into staging's registry: that it is not production's must be
    proven, or an admin must declare that both are one. Raises CannotRefresh.
    """
    production, staging = sides.production.environment, sides.staging.environment
    if not shares_registry(sides) and _same_registry(sides, alias, view) is not False:
        raise CannotRefresh(
            Reason.REGISTRY_NOT_PROVEN,
            f'it is not proven that environments "{production}" and "{staging}" are two registries,'
            " so nothing is written to the latter's. If they are one, ask its owner to set "
            f"sharesRegistryWith: {production}; if they are two, both must answer, and let us see "
            "a registered model of the same name, or that one of them does not have it.",
        )


def _same_registry(sides: Sides, alias: RegistryAlias, view: View) -> bool | None:
    """Whether staging's alias is the same place in production's environment; None: not known."""
    return view.same_place(replace(alias, environment=sides.production.environment), alias)


def registry_grants(sides: Sides) -> frozenset[Grant]:
    """That both sides have the registries that they had, and a shared one is declared as it was."""
    found = {
        Grant(side.role, "mlflow", side.spec.mlflow.registry)
        for side in (sides.production, sides.staging)
        if side.spec.mlflow is not None
    }
    if shares_registry(sides):
        found.add(Grant("staging", "shares_registry_with", sides.production.environment))
    return frozenset(found)


def shares_registry(sides: Sides) -> bool:
    """Whether an admin declares that both sides are one registry."""
    return sides.staging.spec.shares_registry_with == sides.production.environment


def _one_alias(production: RegistryAlias, staging: RegistryAlias) -> str:
    name = f"{staging.model}@{staging.alias}"
    if production.anywhere() == staging.anywhere():
        return f"are the same alias ({name}"
    return (
        "may be the same alias, since registries may ignore case, accents and the like "
        f"({production.model}@{production.alias} and {name}"
    )


def _proof(urls: list[str]) -> str:
    if urls[0] == urls[1]:
        return ""
    return f"; {urls[0]} and {urls[1]} look like one registry: they hold things made at one time"


def _if_two(urls: list[str]) -> str:
    """A registry restored from the other's backup looks like it, and must not be called shared."""
    if urls[0] == urls[1]:
        return ""
    return (
        "; but if one was restored from a backup of the other, create a registered model of the "
        "same new name in both, which distinguishes them"
    )
