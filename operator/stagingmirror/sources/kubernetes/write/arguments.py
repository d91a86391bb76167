"""A flag in a container of a workload's body: read, and changed in the lists that hold it. Pure.

``command`` and ``args`` are lists without keys, which a patch replaces whole: what is written is
made of the lists as they are in the body whose resourceVersion fences the patch.
"""

from collections.abc import Mapping
from typing import Any

from stagingmirror.drift.command.edits import added, entry_of, replaced, wanted
from stagingmirror.drift.command.flags import TRUE, Form, Given, find
from stagingmirror.drift.command.words import Words, words_of
from stagingmirror.drift.facts import Why
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.kserve import MODEL_CONTAINER
from stagingmirror.sources.kubernetes.write.containers import Body, Path

LISTS = ("command", "args")


def argument_in(container: Body, flag: str) -> Mapping[str, Any] | None:
    """As it stands; None: it is not given. Raises StepFailed (ShellScript, Ambiguous, …)."""
    given = _given(container, _words(container), flag)
    return None if given is None else entry_of(given)


def list_of(container: Body, flag: str) -> str:
    """The list that has its value, or would have it."""
    words = _words(container)
    given = _given(container, words, flag)
    if given is None:
        return "args"
    value_at = given.at + (given.form == "apart")
    return "command" if value_at < len(words.command) else "args"


def changed_lists(
    at: Path, container: Body, flag: str, form: Form | None, target: Mapping[str, Any] | None
) -> dict[str, list[str] | None]:
    """The lists that change, whole; None: it is none any more. ``at`` is the container's path,
    ``form`` how the flag is given where it is not there. Raises StepFailed.
    """
    words = _words(container)
    given = _given(container, words, flag)
    if given is not None:
        become = replaced(words, given, _fitting(container, flag, given, form, target))
    elif target is None:
        return {}
    else:
        if form is None:
            raise _refused(
                container,
                f"is not given {flag} in the object that is written, so its pods have it from "
                "elsewhere (a serving runtime, an admission webhook); change it there",
            )
        if not words.all and at[-1].isdecimal():  # KServe adds those of a runtime to a model's
            raise _refused(
                container,
                "has neither command nor args, and with args it would be started otherwise than "
                f"its image declares; write {flag} into its args",
            )
        become = added(words, flag, target["value"], form)
    changed: dict[str, list[str] | None] = {}
    if become.command != words.command:
        changed["command"] = list(become.command) or None
    if become.args != words.args:
        changed["args"] = list(become.args) or None
    return changed


def _fitting(
    container: Body, flag: str, given: Given, form: Form | None, target: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """For a flag that is there though it was to be added: alone it would take the word behind it.
    Raises StepFailed.
    """
    if form != "alone" or given.form == "alone" or target is None or not target.get("alone"):
        return target
    if given.form == "apart":
        raise _refused(
            container,
            f"is given {flag} before a word that may be no value of it; write {flag}=value",
        )
    return wanted(TRUE, "joined")


def _words(container: Body) -> Words:
    words = words_of(container.get("command") or (), container.get("args") or ())
    if words is None:
        raise _refused(container, "has more arguments than are read; keep long values in files")
    return words


def _given(container: Body, words: Words, flag: str) -> Given | None:
    found = find(words, flag)
    if isinstance(found, Why):
        raise StepFailed(found.reason, f"container {_name(container)} {found.message}")
    return found


def _refused(container: Body, what: str) -> StepFailed:
    return StepFailed(Reason.NOT_COMPARABLE, f"container {_name(container)} {what}.")


def _name(container: Body) -> str:
    return str(container.get("name", MODEL_CONTAINER))
