"""Every parser of text that others write, with the worst input that is known for it.

``full`` of each is the largest size that Kubernetes, MLflow or our own bounds let through.
"""

from support.growth import (
    answers,
    arguments,
    command_lines,
    endpoints,
    models,
    objects,
    own,
    values,
    variables,
)
from support.growth.parser import Parser

PARSERS: dict[str, Parser] = dict(
    each
    for group in (
        variables.variables,
        arguments.arguments,
        objects.objects,
        values.values,
        models.models,
        own.own,
        answers.files,
        answers.bodies,
        endpoints.endpoints,
        command_lines.command_lines,
    )
    for each in group()
)
