"""The status that users read, as a pure function of what was observed."""
