"""Command lines that people publish."""

from support.command_lines.language_models import LANGUAGE_MODELS
from support.command_lines.published import VLLM_MODULE, Published, line
from support.command_lines.servers import SERVERS

PUBLISHED = LANGUAGE_MODELS | SERVERS

__all__ = ["PUBLISHED", "VLLM_MODULE", "Published", "line"]
