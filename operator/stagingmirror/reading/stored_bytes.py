"""How old the bytes are that a hash rests on, where a store's listing vouches for them."""

from stagingmirror.component import Side
from stagingmirror.reading.reading import Reading
from stagingmirror.sources.content.subjects import Content

_DAY = 86_400


def note_age(reading: Reading, side: Side, content: Content) -> None:
    """In whole days, so that a status is written once a day. Bytes that MLflow serves are read
    again at ``content.interval``, and those in a bucket only when its listing changes.
    """
    days = int((reading.now - content.read) // _DAY)
    if days > 0 and "://" in content.root:
        reading.finding(
            f"{side.role}'s bytes were read {days} d ago, the listing of their store is unchanged "
            "since."
        )
