"""The words: the resources that users write and read. Parsed at the door; inside, values are frozen
and right.
"""
