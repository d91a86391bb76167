"""Reading a mirror from the API, and whether its status can be trusted."""
