"""The little we ask of MLflow, over its REST API.

``source`` keeps what the registries of all environments last said and answers the view out of it;
``copy`` and ``aliases`` are what a refresh writes in staging's registry. Below them: ``server`` (one
server; ``answers`` translates errors), ``artifacts`` (files through the server), ``records`` and
``asking`` (its answers as values), ``content`` and ``reading`` (bytes and their hash), ``poll`` (one
server's looks).
"""
