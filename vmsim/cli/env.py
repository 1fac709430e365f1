"""`vmsim env`."""

from __future__ import annotations

import json
import shlex

import click

from vmsim.cli.output import output_option, print_json
from vmsim.cli.session import Session, pass_session, say
from vmsim.cli.up import start, url


@click.command("env")
@output_option
@pass_session
def command(session: Session, form: str) -> None:
    """Print the variables that cloud clients need.

    \b
    Examples:
      eval "$(vmsim env)"
      tccli cvm DescribeInstances --endpoint "$VMSIM_URL"
    """
    values = variables(session)
    if form == "json":
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo('# tccli cvm DescribeInstances --endpoint "$VMSIM_URL"')


def variables(session: Session) -> dict[str, str]:
    # `up` returns at once when the lab runs; it also makes the key at its very first start.
    status = start(session, say)
    key = json.loads(session.home.credentials.read_text())
    return {
        "TENCENTCLOUD_SECRET_ID": key["secret_id"],
        "TENCENTCLOUD_SECRET_KEY": key["secret_key"],
        "TENCENTCLOUD_REGION": session.settings.region,
        "VMSIM_URL": url(status),
    }
