"""What an entry of ``track`` can be: one file for each kind."""
