"""What is handed to operators to put on their machines: it is read by what reads it there, and names what there is."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main
import yaml

from rescind.cli import program
from rescind.intake.sheet import MOST_BYTES
from rescind.settings import Settings, documentation

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(DEPLOY.iterdir())
GUIDE = (ROOT / "docs" / "operating" / "first-day.md").read_text("utf-8")
SERVICE = Settings.read(
    dict(
        line.split("=", 1)
        for line in (DEPLOY / "rescind.env").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
)
"""What the shipped service is set to."""


def test_every_setting_that_is_named_is_one():
    ours = {name for name, _, _ in documentation()}
    # Of Caddy itself.
    theirs = {"RESCIND_DOMAIN", "RESCIND_UPSTREAM"}
    said = {name for file in FILES for name in re.findall(r"\bRESCIND_[A-Z_]+\b", file.read_text("utf-8"))}
    assert said - ours - theirs == set()


def test_every_command_that_is_run_is_one_with_these_options():
    group = typer.main.get_command(program())
    run = re.findall(
        r"rescind (backup|serve|doctor)\b([^\n\"\]]*)", "\n".join(file.read_text("utf-8") for file in FILES)
    )
    assert {name for name, _ in run} >= {"backup", "serve"}
    for name, rest in run:
        known = {one for param in group.commands[name].params for one in param.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_compose_gives_the_program_more_time_than_it_takes_to_end():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    assert compose["services"]["rescind"]["stop_grace_period"] == "30s"
    for volume in compose["services"]["rescind"]["volumes"]:
        assert volume.partition(":")[0] in compose["volumes"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("unit", [file.name for file in FILES if file.suffix in {".service", ".timer"}])
def test_units_are_understood(unit, tmp_path):
    # A unit's programs and accounts are the operator's machine's: only what it says is looked at.
    for file in FILES:
        if file.suffix in {".service", ".timer"}:
            text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", file.read_text("utf-8"), flags=re.MULTILINE)
            (tmp_path / file.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    assert unit not in done.stderr, done.stderr


def test_every_way_in_names_the_proxy_that_is_shipped_with_it():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert compose["services"]["rescind"]["environment"]["RESCIND_PROXIES"] == network["subnet"]
    assert SERVICE.proxies == ("127.0.0.1",)
    nginx = (DEPLOY / "nginx.conf").read_text("utf-8")
    # Said once for the whole server: a place with a header of its own would forget it.
    assert nginx.count("proxy_set_header X-Forwarded-For $remote_addr;") == 1
    assert not re.search(r"location [^{]*\{[^}]*proxy_set_header", nginx)


def test_services_and_commands_are_set_in_one_file_that_the_guide_names():
    for unit in ("rescind.service", "rescind-backup.service"):
        said = (DEPLOY / unit).read_text("utf-8")
        assert "EnvironmentFile=/etc/rescind.env" in said
        assert "Environment=" not in said, "a command that somebody types would not see it"
    assert "--property=EnvironmentFile=/etc/rescind.env" in (DEPLOY / "rescind").read_text("utf-8")
    assert "rescind.env /etc/rescind.env" in GUIDE


def test_compose_finds_what_it_asks_for_in_the_file_it_reads_for_every_command():
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    said = (DEPLOY / "compose.env").read_text("utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", said, re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", text)) <= given.keys()
    # Compose looks for .env beside the file that -f names; the container is given the same.
    assert yaml.safe_load(text)["services"]["rescind"]["env_file"] == [".env"]
    assert "deploy/compose.env /opt/rescind/deploy/.env" in GUIDE
    # A setting of ours that is none would end every command; what is only offered has to be one as well.
    offered = dict(re.findall(r"^#?(RESCIND_\w+)=(.*)$", said, re.MULTILINE))
    assert Settings.read({**given, **offered}).host_sites


@pytest.mark.parametrize("name", ["rescind", "rescind-compose"])
def test_the_command_of_a_machine_is_one_file_that_the_guide_installs(name):
    assert os.access(DEPLOY / name, os.X_OK)
    subprocess.run(["sh", "-n", str(DEPLOY / name)], check=True)
    assert f"install -m 0755 /opt/rescind/deploy/{name} /usr/local/bin/rescind" in GUIDE


@pytest.mark.skipif(shutil.which("systemd-run") is None, reason="there is no systemd here")
def test_the_command_of_a_machine_asks_systemd_for_what_it_knows():
    known = subprocess.run(["systemd-run", "--help"], capture_output=True, text=True, check=True).stdout
    asked = set(re.findall(r" (--[a-z-]+)", (DEPLOY / "rescind").read_text("utf-8")))
    assert asked >= {"--pipe", "--pty"}, "typed unseen in a terminal, binary through a pipe"
    assert {one for one in asked if one not in known} == set()


def test_proxies_pass_what_pages_take():
    largest = max(MOST_BYTES, SERVICE.evidence_files * SERVICE.evidence_mib * 2**20) + 2**20
    caddy = re.search(r"max_size (\d+)MB", (DEPLOY / "Caddyfile").read_text("utf-8"))
    nginx = re.search(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text("utf-8"))
    assert int(caddy[1]) * 10**6 >= largest
    assert int(nginx[1]) * 2**20 >= largest


def test_every_volume_of_the_container_is_a_folder_of_its_account():
    said = (DEPLOY / "Containerfile").read_text("utf-8")
    before, _, after = said.partition("USER rescind")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    folders = [volume.split(":")[1] for volume in compose["services"]["rescind"]["volumes"]]
    for folder in folders:
        assert re.search(rf"VOLUME .*{folder}\b", after)
        assert re.search(rf"(--home-dir|install -d -o rescind .*) {folder}\b", before), folder
