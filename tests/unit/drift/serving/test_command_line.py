"""What the command line of a model server says."""

from stagingmirror.drift.serving.command_line import ALL, CommandLine, server_flags


def test_nothing_is_claimed_of_a_command_line_that_is_not_understood() -> None:
    flags = server_flags(CommandLine("", (), ("--a", "$(B)"), {}))

    assert flags.unreadable == {ALL}
    assert not flags.facts
