"""The words that this project does not use, and where to search for them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Word -> what to write instead. A person may be asked: "ask its owner to …".
INSTEAD = {
    r"tell|tells|told|telling|teller": "report, emit, record, show",
    r"(?:ask|asks|asked|asking)(?! (?:its|the|a) (?:owner|platform admin))": "request, read, poll",
    r"say|says|said|saying": "report, state, show, name",
    r"(?:look|looks|looked|looking)(?! (?:like|up))": "observe, observation, check, read",
    r"hear|hears|heard": "receive, observe",
    r"put back|puts back|putting back|\w*putback\w*": "roll back, rolled back",
    r"eye|eyes|hands|mind|minds|ears|shelf|shelves": "the name of the thing",
    r"behold|beholds|beheld|beholding": "observe",
    r"hindrance|hindrances": "blocker, reason",
    r"no good": "invalid, unusable",
    r"what it is to|nobody knows": "who does what",
}
DIALECT = re.compile(r"\b(?:" + "|".join(INSTEAD) + r")\b", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the list: where it is, and in which text."""

    line: int
    word: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.word!r} in {self.text!r}"


def in_text(text: str) -> list[Found]:
    """The words of the list in a document."""
    lines = enumerate(text.splitlines(), 1)
    return [Found(at, word, line.strip()) for at, line in lines for word in DIALECT.findall(line)]


def in_messages(source: str) -> list[Found]:
    """The words of the list in the strings of a module, its docstrings aside."""
    tree = ast.parse(source)
    docs = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    return [
        Found(each.lineno, word, each.value)
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in docs
        for word in DIALECT.findall(each.value)
    ]


def in_names(source: str, module: str) -> list[Found]:
    """The words of the list in a module's name and in what is public in it, parameters included."""
    return [
        Found(line, word, name)
        for line, name in [(1, module), *_public(ast.parse(source))]
        for word in DIALECT.findall(_spelled(name))
    ]


def _spelled(name: str) -> str:
    return HUMP.sub(" ", name).replace("_", " ")


def _public(scope: ast.Module | ast.ClassDef) -> Iterator[tuple[int, str]]:
    for each in scope.body:
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
            yield each.lineno, each.name
            yield from _public(each)
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            if each.name.startswith("_") and each.name != "__init__":
                continue
            yield each.lineno, each.name
            arguments = each.args.posonlyargs + each.args.args + each.args.kwonlyargs
            yield from ((argument.lineno, argument.arg) for argument in arguments)
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names = (target.id for target in targets if isinstance(target, ast.Name))
            yield from ((each.lineno, name) for name in names if not name.startswith("_"))
