"""`vmsim env`, and the variables that `vmsim run` gives its program too."""

from __future__ import annotations

import json
import os
import shlex

import click

from vmsim.cli import environment, trust
from vmsim.cli.output import output_option, print_json
from vmsim.cli.session import Session, pass_session, say
from vmsim.cli.up import start, url
from vmsim.lab.lab import LabStatus
from vmsim.model.errors import HostError


@click.command("env")
@click.option("--no-proxy", is_flag=True, help="Only the key, the region and the API's address.")
@output_option
@pass_session
def command(session: Session, no_proxy: bool, form: str) -> None:
    """Print the variables that cloud clients need.

    With them, programs that know only the cloud's own host names reach this home: through a proxy that is there while
    the lab runs, and that lets nothing else out. --no-proxy leaves that away.

    \b
    Examples:
      eval "$(vmsim env)"
      tccli cvm DescribeInstances --endpoint "$VMSIM_URL"
    """
    values = variables(session, proxy=not no_proxy)
    if form == "json":
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo('# tccli cvm DescribeInstances --endpoint "$VMSIM_URL"')


def variables(session: Session, *, proxy: bool = True, proxy_port: int = 0) -> dict[str, str]:
    """`proxy_port` names another proxy than the lab's own."""
    # `up` returns at once when the lab runs; it also makes the key at its very first start.
    status = start(session, say)
    key = json.loads(session.home.credentials.read_text())
    base = {
        "TENCENTCLOUD_SECRET_ID": key["secret_id"],
        "TENCENTCLOUD_SECRET_KEY": key["secret_key"],
        "TENCENTCLOUD_REGION": session.settings.region,
        "VMSIM_URL": url(status),
    }
    return {**base, **_way_in(session, status, proxy_port or status.proxy_port)} if proxy else base


def _way_in(session: Session, status: LabStatus, port: int) -> dict[str, str]:
    if not port:
        raise HostError(
            "The lab has no proxy: an older vmsim started it.", hint="`vmsim down` and `vmsim up`, or --no-proxy."
        )
    bundle = trust.bundle(session.home, os.environ)
    address = f"http://127.0.0.1:{port}"
    return environment.way_in(os.environ, address, url(status), trust.certificate(session.home), bundle)
