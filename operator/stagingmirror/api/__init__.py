"""The resources that users write and read."""
