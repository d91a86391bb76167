"""One flag changed in a container's command and arguments, and nothing else of them."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.drift.command.flags import TRUE, Form, Given, options_end
from stagingmirror.drift.command.words import Words


def entry_of(given: Given) -> Mapping[str, Any]:
    """A flag as it stands, whatever stands around it."""
    return wanted(given.value, given.form)


def wanted(value: str, form: Form | None) -> Mapping[str, Any]:
    return {"value": TRUE, "alone": True} if form == "alone" else {"value": value}


def replaced(words: Words, given: Given, target: Mapping[str, Any] | None) -> Words:
    """With another value in the form in which the flag stands; None: without it."""
    own = words.all[given.at].partition("=")[0]
    if target is None:
        after = given.at + (2 if given.form == "apart" else 1)
        return _with(words, range(given.at, after), [])
    if target.get("alone"):
        return _with(words, range(given.at, given.at + 1), [own])
    if given.form == "apart":
        return _with(words, range(given.at + 1, given.at + 2), [target["value"]])
    return _with(words, range(given.at, given.at + 1), [f"{own}={target['value']}"])


def added(words: Words, flag: str, value: str, form: Form) -> Words:
    """After all other flags."""
    new = {"joined": [f"{flag}={value}"], "apart": [flag, value], "alone": [flag]}[form]
    end = options_end(words)
    return _with(words, range(end, end), new)


def _with(words: Words, places: range, new: list[str]) -> Words:
    """These words in the place of others. A pair may be in both: what is new is where it ends."""
    border = len(words.command)
    command, args = list(words.command), list(words.args)
    first, last = max(0, places.start - border), places.stop - border
    if places.stop > border or (places.start == border and not places):
        del command[places.start :]
        args[first:last] = new
    else:
        command[places.start : places.stop] = new
    return Words(tuple(command), tuple(args))
