"""The script that tries a user's rights leaves out no command that Redis is sent."""

import re
from importlib import resources

import pombo_common.adapters.redis as adapter

CALLED = re.compile(r"redis\.p?call\('([A-Z]+)'")
SENT = re.compile(r"\.command\(\s*\"([A-Z]+)\"")


def test_the_trial_runs_every_command_of_the_scripts_and_of_the_adapter() -> None:
    folder = resources.files(adapter)
    lua = folder.joinpath("lua")
    scripts = [file for place in (lua, lua.joinpath("prelude")) for file in place.iterdir() if file.name[-4:] == ".lua"]
    used = {verb for file in scripts for verb in CALLED.findall(file.read_text())}
    sources = (file for file in folder.iterdir() if file.name.endswith(".py"))
    used |= {verb for file in sources for verb in SENT.findall(file.read_text())}
    assert {"HSET", "PUBLISH", "HVALS", "TIME"} < used
    # The clock of the prelude asks for the time.
    assert used == {*CALLED.findall(lua.joinpath("trial.lua").read_text()), "TIME"}
