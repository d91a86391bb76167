from pathlib import Path

from support.resources.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "reference.md"


def test_the_committed_reference_is_that_of_the_models() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make crds"


def test_a_required_field_is_bold_and_a_default_has_its_own_column() -> None:
    page = reference()

    assert "| **`production.namespace`** | string |  | Namespace for references that" in page
    assert "| `checkInterval` | string | `30s` | How often" in page
    assert "| `track[].setting.load.timeout` | string | `1h` | How long one run may take. |" in page
