"""What the command line of a model server says: its flags as named facts.

Start reading at ``command_line``. Pure, and bounded: args are anybody's text.
"""
