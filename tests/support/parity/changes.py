"""What makes one side compute or hold something else than the other one."""

from enum import Enum

from rig.endpoints.logic import Logic

OTHER_DIMENSION = 6
AN_HOUR = 3600


class Change(Enum):
    """``features``: those whose answers it alters, as the protocols name them that show features.

    The first nine are those that must be found. No image, tag or file of a model changes by them.
    """

    PATCHED_CONSTANT = "a constant of the logic", Logic(factor=1.1), "amount"
    PERMUTED_COLUMN = "a column with the rows of others", Logic(permuted=True), "balance"
    FLOAT16 = "rounded to float16", Logic(half=True), "distance embedding"
    DEFAULT_FOR_NULL = "0 where nothing is known", Logic(default=True), "income"
    SHIFTED_CLOCK = "an hour later", Logic(clock=AN_HOUR), "last_login"
    OTHER_UNIT = "miles, not kilometres", Logic(miles=True), "distance"
    STALE_DATA = "of some days ago", Logic(stale=True), "income last_login"
    RENAMED_FEATURE = "another name", Logic(renamed=True), "amount amount_eur"
    OTHER_DIMENSION = "a shorter embedding", Logic(dimension=OTHER_DIMENSION), "embedding"

    SWAPPED_COLUMNS = "two columns in each other's place", Logic(swapped=True), "amount balance"
    REORDERED_EMBEDDING = "elements in another order", Logic(reordered=True), "embedding"
    OTHER_TYPE = "a number that is a text", Logic(text=True), "visits"
    ON_DEMAND = "a constant of what is computed on demand", Logic(), "ratio"
    OTHER_MODEL = "another version of the model", Logic(model="2"), "score"
    OTHER_INPUT = "a model that takes one more column", Logic(), ""

    def __init__(self, what: str, logic: Logic, features: str) -> None:
        self.what = what
        self.logic = logic
        self.features = frozenset(features.split())


NINE = tuple(Change)[:9]
