"""What ``check`` prints: lines for people, JSON and JUnit for pipelines. Pure."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from rich.text import Text

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.cli.read.answer import Answer, worst
from stagingmirror.cli.screens.envelope import document, one_mirror
from stagingmirror.cli.screens.text import columns, concise, line, symbol

# What XML cannot carry.
_CONTROL = {
    code: "�"
    for code in (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
    if code not in (9, 10, 13)
}


def answer_lines(answers: Sequence[Answer], *, namespaces: bool) -> list[Text]:
    """One line each, with the reasons below; one for all where the doubt is about the operator."""
    if answers and all(each.everybody for each in answers):
        return [line(symbol("Unknown"), " ", concise(answers[0].why))]
    lines = []
    for each in answers:
        name = each.mirror.path if namespaces else each.mirror.name
        lines.append(line(symbol(each.sync), f" {name}: {concise(each.why)}"))
        rows = [(about, concise(text)) for about, text in each.details]
        lines += columns(rows, indent="    ") if rows else []
    return lines


def answer_json(answers: Sequence[Answer]) -> str:
    """Everything, with exact times."""
    return document(map(_as_dict, answers), exit_code=worst([each.code for each in answers]))


def answer_junit(answers: Sequence[Answer]) -> str:
    """A suite per mirror, a case per component: drifted and held fail, unknown is an error."""
    root = Xml.Element("testsuites", name="stagingmirror")
    for each in answers:
        _suite(root, each)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _as_dict(answer: Answer) -> dict[str, Any]:
    status = answer.mirror.status.model_dump(
        by_alias=True,
        exclude_none=True,
        include={"observed_generation", "seen", "valid_until", "in_sync_since", "drifted_since"},
    )
    return one_mirror(
        answer.mirror,
        sync=answer.sync,
        doubt=answer.doubt,
        exitCode=answer.code,
        why=answer.sentence,
        excepted=[each.name for each in answer.excepted],
        components=[
            each.model_dump(by_alias=True, exclude_none=True) for each in answer.components
        ],
        **status,
    )


def _suite(root: Xml.Element, answer: Answer) -> None:
    suite = Xml.SubElement(root, "testsuite", name=answer.mirror.path)
    whole = Xml.SubElement(suite, "testcase", classname=answer.mirror.path, name="in sync")
    _result(whole, answer.sync, answer.sentence)
    for each in answer.components:
        _result(_case(suite, answer, each), each.verdict, each.message or each.verdict)
    for each in answer.excepted:
        Xml.SubElement(_case(suite, answer, each), "skipped", message="excepted")
    suite.attrib |= {
        "tests": str(len(suite)),
        "failures": str(len(suite.findall("*/failure"))),
        "errors": str(len(suite.findall("*/error"))),
        "skipped": str(len(suite.findall("*/skipped"))),
    }


def _case(suite: Xml.Element, answer: Answer, component: ComponentStatus) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=answer.mirror.path, name=component.name)


def _result(context: Xml.Element, verdict: str, why: str) -> None:
    if verdict in ("InSync", "Accepted"):
        return
    sort = "failure" if verdict in ("Drifted", "Held") else "error"
    Xml.SubElement(context, sort, type=verdict, message=why.translate(_CONTROL))
