"""Programs that know only the cloud's own host names, unmodified: `vmsim run` and `eval "$(vmsim env)"`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vmsim.config import Home, settings
from vmsim.host import command
from vmsim.lab.lab import Lab

from .homes import until

pytestmark = pytest.mark.tools

SDK = """
import sys
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models
key = credential.EnvironmentVariableCredential().get_credential()
http = HttpProfile(**dict(word.split("=") for word in sys.argv[1:]))
client = cvm_client.CvmClient(key, "ap-guangzhou", ClientProfile(httpProfile=http))
print(client.DescribeZones(models.DescribeZonesRequest()).TotalCount)
"""
ASYNCHRONOUS = """
import asyncio
from tencentcloud.common import credential
from tencentcloud.cvm.v20170312 import cvm_client_async, models
client = cvm_client_async.CvmClient(credential.EnvironmentVariableCredential().get_credential(), "ap-guangzhou")
print(asyncio.run(client.DescribeZones(models.DescribeZonesRequest())).TotalCount)
"""
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=20).status)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("way-in") / "home")
    lab = Lab(made, settings(made, environment(made) | {"VMSIM_OFFLINE": "yes"}))
    lab.up()
    yield made
    lab.down()


def environment(home: Home) -> dict[str, str]:
    return {"VMSIM_HOME": str(home.root), "VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg", "HOME": str(home.root.parent)}


def run(home: Home, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "vmsim", "run", *map(str, words)]
    return command.run(argv, env={**environment(home), **more}, check=False, timeout=120)


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    script = tmp_path / "zones.py"
    script.write_text(SDK)
    return script


@pytest.mark.parametrize(
    "profile",
    [
        [],
        ["endpoint=cvm.ap-guangzhou.tencentcloudapi.com"],
        ["rootDomain=intl.tencentcloudapi.com"],
        ["rootDomain=internal.tencentcloudapi.com", "reqMethod=GET"],
        ["protocol=http"],
    ],
)
def test_the_sdk_with_its_own_endpoint(home: Home, sdk: Path, profile: list[str]) -> None:
    done = run(home, "--", sys.executable, sdk, *profile)
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr


def test_the_asynchronous_sdk(home: Home) -> None:
    """It goes by another library, which reads the environment."""
    done = run(home, "--", sys.executable, "-c", ASYNCHRONOUS)
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr


def test_a_whole_shell(home: Home, sdk: Path) -> None:
    """vmsim itself works in it as outside."""
    script = f'eval "$({sys.executable} -m vmsim env)" && {sys.executable} {sdk} && {sys.executable} -m vmsim list'
    done = command.run(["sh", "-c", script], env=environment(home), timeout=120)
    assert int(done.stdout.splitlines()[0]) > 0


def test_a_shell_goes_on_over_a_killed_daemon(home: Home, sdk: Path) -> None:
    lab = Lab(home, settings(home, environment(home)))
    words = [sys.executable, "-m", "vmsim", "env", "-o", "json"]
    variables = json.loads(command.run(words, env=environment(home)).stdout)
    os.kill(lab.pid_of("daemon"), signal.SIGKILL)
    assert int(command.run([sys.executable, sdk], env=variables, timeout=120).stdout) > 0


def test_the_plain_variables_alone(home: Home) -> None:
    words = [sys.executable, "-m", "vmsim", "env", "--no-proxy", "-o", "json"]
    variables = json.loads(command.run(words, env=environment(home)).stdout)
    assert set(variables) == {
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        "TENCENTCLOUD_REGION",
        "VMSIM_URL",
    }


@pytest.mark.parametrize("service", ["cvm DescribeZones", "as DescribeAutoScalingGroups"])
def test_tccli_without_an_endpoint(home: Home, tccli_program: Path, service: str) -> None:
    done = run(home, "--", tccli_program, *service.split())
    if service.startswith("cvm"):
        assert json.loads(done.stdout)["TotalCount"] > 0, done.stderr
    else:  # it came here: the cloud would not know this key
        assert "UnsupportedOperation" in done.stdout + done.stderr


def test_tccli_with_an_endpoint_in_such_a_shell(home: Home, tccli_program: Path) -> None:
    script = f'eval "$({sys.executable} -m vmsim env)" && {tccli_program} cvm DescribeZones --endpoint "$VMSIM_URL"'
    done = command.run(["sh", "-c", script], env=environment(home), timeout=120)
    assert json.loads(done.stdout)["TotalCount"] > 0


def test_node(home: Home, node_modules: Path, tmp_path: Path) -> None:
    script = tmp_path / "zones.js"
    script.write_text(
        'const { cvm } = require("tencentcloud-sdk-nodejs-cvm");\n'
        "const { TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY: secretKey } = process.env;\n"
        'const client = new cvm.v20170312.Client({ credential: { secretId, secretKey }, region: "ap-guangzhou" });\n'
        "client.DescribeZones({}).then((found) => console.log(found.TotalCount));\n"
    )
    done = run(home, "--", "node", script, NODE_PATH=str(node_modules))
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr


def test_openssl_believes_the_bundle(home: Home) -> None:
    """What Go, curl and Python's own http.client go by."""
    done = run(home, "--", sys.executable, "-c", FETCH, "https://cvm.tencentcloudapi.com/")
    assert done.stdout == "200\n", done.stderr


def test_plain_http_to_a_host_of_the_clouds(home: Home) -> None:
    done = run(home, "--", sys.executable, "-c", FETCH, "http://metadata.tencentyun.com/")
    assert done.stdout == "200\n", done.stderr


def test_a_foreign_host_is_refused(home: Home) -> None:
    for url in ("https://example.com/", "http://example.com/"):
        done = run(home, "--", sys.executable, "-c", FETCH, url)
        assert done.returncode == 1 and "403 vmsim lets nothing out to example.com" in done.stderr.replace(
            "Error 403: ", "403 "
        )


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_the_internet_where_it_is_allowed(home: Home, sdk: Path) -> None:
    """A server on another address of this machine stands for it; the cloud's hosts stay here."""
    with ThreadingHTTPServer(("127.0.0.2", 0), _Elsewhere) as elsewhere:
        thread = threading.Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            url = f"http://127.0.0.2:{elsewhere.server_address[1]}/"
            assert run(home, "--", sys.executable, "-c", FETCH, url).returncode == 1
            allowed = run(home, "--allow-internet", "--", sys.executable, "-c", FETCH, url)
            assert allowed.stdout == "204\n", allowed.stderr
        finally:
            elsewhere.shutdown()
            thread.join()
    done = run(home, "--allow-internet", "--", sys.executable, sdk)
    assert int(done.stdout) > 0, done.stderr


def test_the_exit_code_is_the_programs(home: Home, tmp_path: Path) -> None:
    assert run(home, "--", "sh", "-c", "exit 7").returncode == 7
    assert run(home, "sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM
    missing = run(home, "--", "no-such-program")
    assert missing.returncode == 127 and missing.stderr == "Error: there is no command no-such-program.\n"
    (tmp_path / "text").touch()
    assert run(home, "--", tmp_path / "text").returncode == 126
    assert run(home).returncode == 2


def test_signals_reach_the_program_and_the_companion_goes_with_it(home: Home) -> None:
    script = "trap 'exit 9' TERM; echo $https_proxy; while :; do sleep 0.1; done"
    argv = [sys.executable, "-m", "vmsim", "run", "--allow-internet", "--", "sh", "-c", script]
    process = command.start(argv, stdout=subprocess.PIPE, env=environment(home))
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(b":")[2])
    process.terminate()
    assert process.wait(30) == 9
    process.stdout.close()
    companion = f":{port:04X} "

    def listens() -> bool:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        return any(companion in line and " 0A " in line for line in lines)

    until(lambda: not listens())


def test_the_homes_own_user_gets_the_roles_keys_through_the_proxy(home: Home) -> None:
    """The proxy connects from inside the lab, and says for whom."""
    role = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
    done = run(home, "--", sys.executable, "-c", FETCH, role)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
