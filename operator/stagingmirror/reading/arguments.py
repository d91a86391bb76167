"""A flag of a container's command and arguments, as its pods were started with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from stagingmirror.drift.command.flags import Form, Given, find, is_flag
from stagingmirror.drift.command.words import MAX_WORDS, Words
from stagingmirror.drift.expansion import MAX_TEXT, Reference, pieces
from stagingmirror.drift.facts import Why
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import called, container_of, pods_that_ran
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Container, Variable, Workload


@dataclass(frozen=True, slots=True)
class RanArgument:
    """``declared``: there is no pod at all, and only the template has it. ``made_from``: the
    variables whose values are in the text. ``form``: how it stands there.
    """

    text: str
    declared: bool
    made_from: frozenset[str]
    form: Form


@dataclass(frozen=True, slots=True)
class _Read:
    text: str
    made_from: frozenset[str]
    form: Form


def argument_of(reading: Reading, workload: Workload, container: str, flag: str) -> RanArgument:
    """A flag in all pods that count. Raises Ended (Absent, RollingOut, PodsDiffer, ShellScript,
    Ambiguous, FromSecret, TooLarge, NotComparable).
    """
    template = container_of(reading, workload, container)
    where = f"container {container} of {called(workload)}"
    pods = pods_that_ran(reading, workload, container)
    running = [pod.containers.get(container) for pod in pods]
    found = [_read(reading, where, each, flag) if each else None for each in running or [template]]
    if len({None if each is None else each.text for each in found}) > 1:
        raise reading.unseen(
            Reason.PODS_DIFFER,
            f"the pods of {called(workload)} were started with different {flag}, though from one "
            "template; see what changes it (an admission webhook?), or restart them.",
        )
    first = found[0]
    if first is None:
        raise reading.absent(f"argument {flag} of {where}")
    return RanArgument(first.text, not pods, first.made_from, first.form)


def given_words(reading: Reading, where: str, container: Container) -> Words:
    """Raises Ended (TooLarge)."""
    if container.words is None:
        raise reading.unseen(
            Reason.TOO_LARGE,
            f"{where} has more arguments than are read ({MAX_WORDS} words); keep long values in a "
            "ConfigMap, and track its key.",
        )
    return container.words


def _read(reading: Reading, where: str, container: Container, flag: str) -> _Read | None:
    words = given_words(reading, where, container)
    if not words.all:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{where} has neither command nor args, so it is started as its image declares, which "
            f"is not read; write {flag} into its args.",
        )
    given = find(words, flag)
    if isinstance(given, Why):
        raise reading.unseen(given.reason, f"{where} {given.message}")
    _refuse_hidden(reading, where, container, words, given)
    if given is None:
        return None
    whole = f"argument {flag} of {where}"
    text, made_from = _expanded(reading, whole, given.value, container.variables)
    return _Read(text, made_from, given.form)


def _refuse_hidden(
    reading: Reading, where: str, container: Container, words: Words, given: Given | None
) -> None:
    """A word that is a variable may be any flag. Raises Ended (NotComparable)."""
    every = words.all
    for at, word in enumerate(every):
        is_value = at > 0 and is_flag(every[at - 1]) and "=" not in every[at - 1]
        is_program = at == 0 and bool(words.command)
        if is_program or not _hides_flag(word, container.variables, is_value=is_value):
            continue
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{where} is given a word that is made from a variable, by $(NAME), and may be any "
            "flag; write flags out, and variables only as their values.",
        )


def _hides_flag(word: str, variables: Mapping[str, Variable], *, is_value: bool) -> bool:
    """``is_value``: it stands where a value may, and is a flag only if its variable is known to be
    one.
    """
    if word.startswith("-"):
        name = word.partition("=")[0]
        return any(isinstance(each, Reference) for each in pieces(name))
    if not word.startswith("$("):
        return False
    first = next(each for each in pieces(word) if each)
    if isinstance(first, str):
        return False
    known = variables.get(first.name)
    if known is None or known.value is None:
        return not is_value
    return is_flag(known.value) or (not known.value and not is_value)


def _expanded(
    reading: Reading, whole: str, text: str, variables: Mapping[str, Variable]
) -> tuple[str, frozenset[str]]:
    """What the program gets, and the variables whose values are in it. Raises Ended."""
    if len(text) > MAX_TEXT:
        _refuse_long(reading, whole)
    parts: list[str] = []
    names: set[str] = set()
    made: set[str] = set()
    length = 0
    for piece in pieces(text):
        if isinstance(piece, Reference):
            variable = _known(reading, whole, variables.get(piece.name))
            if piece.name not in names:
                names.add(piece.name)
                made |= variable.made_from
            piece = variable.value or ""
        parts.append(piece)
        length += len(piece)
        if length > MAX_TEXT:
            _refuse_long(reading, whole)
    return "".join(parts), frozenset(names | made)


def _known(reading: Reading, whole: str, variable: Variable | None) -> Variable:
    if variable is not None and variable.value is not None:
        return variable
    if variable is not None and variable.source == "secretKeyRef":
        raise reading.unseen(
            Reason.FROM_SECRET,
            f"{whole} is made from a variable that comes from a Secret, and Secrets are never read;"
            " remove it from track.",
        )
    raise reading.unseen(
        Reason.NOT_COMPARABLE,
        f"{whole} is made from a variable, by $(NAME), that is not known here; write the value "
        "out, or track that variable.",
    )


def _refuse_long(reading: Reading, whole: str) -> NoReturn:
    raise reading.unseen(
        Reason.TOO_LARGE,
        f"{whole} is longer than any argument can be ({MAX_TEXT} characters); keep long values in "
        "a ConfigMap, and track its key.",
    )
