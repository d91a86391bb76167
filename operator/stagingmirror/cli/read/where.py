"""Which cluster and namespace a command is about. Kept free of everything slow."""

from dataclasses import dataclass
from shlex import quote

OPERATOR_NAMESPACE = "stagingmirror-system"


@dataclass(frozen=True, slots=True)
class Where:
    """From the flags; None: from the kubeconfig."""

    operator_namespace: str
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    all_namespaces: bool = False

    @property
    def flags(self) -> str:
        """What a printed kubectl command needs to reach the same cluster, with a blank before."""
        given = {"--kubeconfig": self.kubeconfig, "--context": self.context}
        return "".join(f" {name} {quote(text)}" for name, text in given.items() if text is not None)

    @property
    def own_flags(self) -> str:
        """The same for a printed command of ours."""
        if self.operator_namespace == OPERATOR_NAMESPACE:
            return self.flags
        return f"{self.flags} --operator-namespace {quote(self.operator_namespace)}"
