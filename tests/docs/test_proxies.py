"""The proxies that are shipped, run as they are: an address that lets somebody in is a key, and stands in no log."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from rescind.web.routes import pages

DEPLOY = Path(__file__).parents[2] / "deploy"
TOKEN = "seen-by-nobody"
KEYS = [re.sub(r"\{\w+\}", TOKEN, one.path_format) for one in pages().routes if "{token}" in one.path_format]
"""Every page whose address lets somebody in."""
ASKED = [f"/enter?signature={TOKEN}", f"/embed/orders/ord_1?token={TOKEN}", f"/sign-in/provider/back?code={TOKEN}"]
WITHIN_S = 10
"""How long a proxy may take to begin."""


@pytest.fixture
def ports():
    """Free ones: TLS, plain, and one where nobody answers, so that every call fails at the proxy."""
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    numbers = [one.getsockname()[1] for one in bound]
    for one in bound:
        one.close()
    return numbers


@pytest.fixture
def running(tmp_path):
    """Starts a program and waits until it answers at a port; what it printed is in the file ``printed``."""
    started = []

    def start(port, *command, **environ):
        with (tmp_path / "printed").open("wb") as printed:
            own = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), **environ}
            started.append(process := subprocess.Popen(command, env=own, stdout=printed, stderr=subprocess.STDOUT))
        deadline = time.monotonic() + WITHIN_S
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    return
            time.sleep(0.02)
        raise AssertionError((tmp_path / "printed").read_text())

    yield start
    for process in started:
        process.terminate()
        process.wait(WITHIN_S)


def ask(base, *addresses, **with_):
    with httpx.Client(base_url=base, trust_env=False, **with_) as client:
        return [client.get(address, headers={"host": "desk.example"}) for address in addresses]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")
def test_nginx_logs_every_call_and_no_address_that_lets_somebody_in(tmp_path, ports, running):
    tls, plain, nobody = ports
    places = {
        "/var/log/nginx": str(tmp_path),
        "/etc/letsencrypt/live/desk.example": str(tmp_path),
        "/var/www/acme": str(tmp_path / "acme"),
        "listen [::]:": "# listen ",
        "listen 443": f"listen 127.0.0.1:{tls}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "127.0.0.1:8700": f"127.0.0.1:{nobody}",
    }
    for name in ("nginx-http.conf", "nginx.conf"):
        text = (DEPLOY / name).read_text("utf-8")
        for theirs, ours in places.items():
            text = text.replace(theirs, ours)
        (tmp_path / name).write_text(text)
    kept = " ".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )

    def main(*sites):
        included = " ".join(f"include {tmp_path}/{site};" for site in sites)
        http = f"access_log {tmp_path}/access.log; {kept} {included}"
        # Its workers read what the test has written; without root nginx does not look at the name.
        (tmp_path / "main").write_text(f"daemon off; user root; pid {tmp_path}/pid; events {{}} http {{ {http} }}")
        return "nginx", "-e", "stderr", "-c", str(tmp_path / "main")

    # As the guide has it: plain first, which needs no certificate and is where certbot proves the name.
    subprocess.run([*main("nginx-http.conf"), "-t"], check=True, capture_output=True)
    certificate = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=desk.example -keyout privkey.pem -out fullchain.pem"
    )
    subprocess.run(certificate.split(), cwd=tmp_path, check=True, capture_output=True)
    (proof := tmp_path / "acme/.well-known/acme-challenge").mkdir(parents=True)
    (proof / "x").write_text("proven")
    running(tls, *main("nginx-http.conf", "nginx.conf"))

    answers = ask(f"https://127.0.0.1:{tls}", *KEYS, *ASKED, "/orders/ord_1", verify=False)
    assert {one.status_code for one in answers} == {502}
    proven, away = ask(f"http://127.0.0.1:{plain}", "/.well-known/acme-challenge/x", KEYS[0])
    assert (proven.text, away.status_code, away.headers["location"]) == (
        "proven",
        308,
        f"https://desk.example{KEYS[0]}",
    )

    lines = (tmp_path / "rescind.log").read_text().splitlines()
    assert len(lines) == len(answers)
    assert '"GET /orders/ord_1 HTTP/1.1" 502' in lines[-1]
    logs = [*tmp_path.glob("*.log"), tmp_path / "printed"]
    assert {log.name for log in logs if TOKEN in log.read_text()} == set()


@pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no Caddy here")
def test_caddy_logs_what_failed_and_no_address_that_lets_somebody_in(tmp_path, ports, running):
    _, plain, nobody = ports
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    (tmp_path / "Caddyfile").write_text(text.replace("{\n", "{\n\tadmin off\n\tauto_https off\n", 1))
    running(
        plain,
        *("caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")),
        RESCIND_DOMAIN=f"http://desk.example:{plain}",
        RESCIND_UPSTREAM=f"127.0.0.1:{nobody}",
    )
    answers = ask(f"http://127.0.0.1:{plain}", *KEYS, *ASKED, "/orders/ord_1")
    assert {one.status_code for one in answers} == {502}
    printed = (tmp_path / "printed").read_text()
    assert printed.count("connection refused") == len(answers)
    assert TOKEN not in printed
