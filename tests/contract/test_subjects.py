"""What every subject must say of itself."""

from support.sources.sources import EXAMPLES


def test_every_subject_says_whose_system_answers_it() -> None:
    """Mirrors of one that is gone take turns with all others."""
    for example in EXAMPLES:
        for subject in (*example.there, *example.missing):
            assert isinstance(subject.environment, str), subject
