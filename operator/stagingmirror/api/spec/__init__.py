"""The specs that users write, parsed once; inside, values are frozen and valid."""
