"""How values of each type are compared, and which type a feature has."""
