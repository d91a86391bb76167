"""Environments: resolved for a mirror, connected to their upstreams, with their credentials and
permissions.
"""
