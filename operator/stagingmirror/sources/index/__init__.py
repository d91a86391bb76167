"""Index stores: the indexes that search is served from."""
