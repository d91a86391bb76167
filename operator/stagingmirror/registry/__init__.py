"""The little we ask of MLflow, over its REST API.

``source`` keeps what the registries of all environments last said and answers the view out of it;
``copy`` and ``aliases`` are what a refresh writes in staging's registry. Below them: ``server``
(one server; ``answers`` translates errors), ``records`` and ``asking`` (its answers as values),
``artifacts`` (files through the server), ``content`` and ``reading`` (bytes and their hash),
``versions`` (a version with all that belongs to it), ``poll`` (the looks at one server).
"""
