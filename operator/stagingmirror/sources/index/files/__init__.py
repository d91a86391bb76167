"""Indexes that are files: a folder for each build, and a small object that names the one that
is served.

``<prefix>/<build>/…``, with ``manifest.json`` written last, and ``<prefix>/CURRENT``: an alias is
the name of such a pointer, a target that of a build, and a snapshot is a build that is complete.
"""
