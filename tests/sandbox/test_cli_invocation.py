"""What a Pulumi command line needs is read from it as the engine would read it."""

import pytest

from sandbox.invocation import parse


@pytest.mark.parametrize(
    "line",
    [
        "preview -s other",
        "preview -sother",
        "preview -s=other",
        "preview --stack other",
        "preview --stack=other",
        "--stack other preview",
        "-s other --color never preview --diff",
        "stack select other",
        "stack select -s other",
    ],
)
def test_the_stack_is_found_wherever_it_is_named(line: str) -> None:
    assert parse(line.split()).stack == "other"


@pytest.mark.parametrize(
    "line", ["preview", "preview --show-sames", "stack ls", "config set key value", "preview --suppress-outputs"]
)
def test_no_stack_is_invented(line: str) -> None:
    assert parse(line.split()).stack is None


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "update",
        "preview",
        "pre",
        "refresh",
        "destroy",
        "down",
        "dn",
        "import a b c",
        "--color never up",
        "-v 3 up",
    ],
)
def test_commands_that_talk_to_aws_need_the_emulator_and_a_stack(line: str) -> None:
    asked = parse(line.split())
    assert asked.needs_aws
    assert asked.needs_stack


@pytest.mark.parametrize(
    "line",
    ["", "version", "about", "plugin ls", "policy analyze", "up --help", "preview -h", "--help", "stack init new"],
)
def test_other_commands_need_neither(line: str) -> None:
    asked = parse(line.split())
    assert not asked.needs_aws
    assert not asked.needs_stack


@pytest.mark.parametrize("line", ["stack ls", "config", "config set key value", "state delete urn", "cancel"])
def test_commands_on_a_stack_alone_need_no_emulator_and_the_persons_own_configuration(line: str) -> None:
    asked = parse(line.split())
    assert asked.needs_stack
    assert not asked.needs_aws
    assert not asked.needs_config


@pytest.mark.parametrize(
    ("line", "with_file"),
    [
        ("preview --diff", "preview --config-file=F --diff"),
        ("-s other --color never up --yes", "-s other --color never up --config-file=F --yes"),
        ("up -- up", "up --config-file=F -- up"),
    ],
)
def test_the_configuration_file_follows_the_command(line: str, with_file: str) -> None:
    asked = parse(line.split())
    assert asked.needs_config
    assert asked.with_config_file("F") == with_file.split()


@pytest.mark.parametrize("line", ["up --config-file mine", "up --config-file=mine", "up --help"])
def test_a_configuration_file_of_the_persons_own_is_left_alone(line: str) -> None:
    assert not parse(line.split()).needs_config


@pytest.mark.parametrize(("line", "folder"), [("up", "."), ("-C a up", "a"), ("up --cwd=a", "a"), ("up --cwd a", "a")])
def test_the_folder_is_where_the_engine_will_run(line: str, folder: str) -> None:
    assert parse(line.split()).folder == folder
