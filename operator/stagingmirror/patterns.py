"""Names that are meant by a pattern."""


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits. Only ``*`` has a meaning: any number of any characters, so that
    ``a[0]`` and ``b?`` are names. Case counts. Time grows with the length of both: no regular
    expression, whose time would grow with a power of the number of stars.
    """
    first, *others = pattern.split("*")
    if not others:
        return pattern == name
    *inner, last = others
    end = len(name) - len(last)
    if len(first) > end or not name.startswith(first) or not name.endswith(last):
        return False
    at = len(first)
    for part in inner:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
