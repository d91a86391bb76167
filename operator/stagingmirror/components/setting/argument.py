"""Whether and how a refresh writes an argument of staging."""

from stagingmirror.components.setting.place import ValuePlace
from stagingmirror.components.setting.value import Value
from stagingmirror.drift.command.flags import TRUE, Form, is_flag
from stagingmirror.errors import CannotRefresh
from stagingmirror.reasons import Reason


def refuse_unwritable(place: ValuePlace, theirs: Value, own: Value | None, wanted: str) -> None:
    """``own``: staging's; None: it does not give the flag. Raises CannotRefresh."""
    if own is not None and own.made_from:
        names = ", ".join(sorted(own.made_from))
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            f"{place} is made from variable {names}, by $(NAME), which a refresh does not replace "
            "by a text; track that variable, write the value out, or set mode: Report.",
        )
    form = own.form if own is not None else added_form(theirs, wanted)
    if theirs.form == "alone" and form == "apart":
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            f"production gives this flag alone, so the word behind it in {place} may be no value of"
            " it, and would be overwritten; write it in staging as --flag=value, or as its last "
            "word.",
        )
    if form == "apart" and is_flag(wanted):
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            f"the value begins with -, and as a word of its own in {place} it would be taken for a "
            "flag; write it in staging as --flag=value.",
        )


def added_form(theirs: Value, wanted: str) -> Form:
    """How staging is given a flag that it does not give: as production is, whose program is known
    to take it so.
    """
    if theirs.form is None or (theirs.form == "alone" and wanted != TRUE):
        return "joined"
    return theirs.form
