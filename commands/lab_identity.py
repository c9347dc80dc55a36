"""infctl lab users and token: who may log in to the lab, and tokens of its issuer."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands.lab_errors import translated
from infctl.commands.lab_name import DEFAULT_NAME, NameOption, running
from infctl.commands.output import Output, OutputOption, document, note, show, timestamp, write
from infctl.errors import UsageError

if TYPE_CHECKING:
    from infctl.lab.identity.asking import Token
    from infctl.lab.identity.people import Person

_COLUMNS = [
    ("USER", "name"),
    ("GROUPS", "groups"),
    ("SECOND FACTOR", "second_factor"),
    ("MAY BE ELEVATED", "may_elevate"),
]
_SECRETS = [("PASSWORD", "password"), ("TOTP SECRET", "totp_secret")]


def users(
    name: NameOption = DEFAULT_NAME,
    output: OutputOption = Output.TABLE,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Passwords and TOTP secrets, too.")
    ] = False,
) -> None:
    """List who may log in to the lab's issuer: groups, second factor.

    Examples: infctl lab users; infctl lab users --show-secrets -o json
    """
    with translated():
        from infctl.lab.identity import people

        everybody = people.read(running(name)).values()
    rows = [_row(person, show_secrets) for person in everybody]
    columns = _COLUMNS + (_SECRETS if show_secrets else [])
    show("LabUserList", rows, columns, output=output, prefix="user/")


def token(
    user: Annotated[str, typer.Argument(help="Who, as `infctl lab users` shows it.")],
    name: NameOption = DEFAULT_NAME,
    otp: Annotated[
        bool, typer.Option("--otp", help="With the second factor: a code of the lab's own secret.")
    ] = False,
    totp: Annotated[
        str, typer.Option("--totp", metavar="CODE", help="With this code as second factor.")
    ] = "",
    elevated: Annotated[
        bool, typer.Option("--elevated", help="Step up: 15 minutes with the group infctl:elevated.")
    ] = False,
    output: Annotated[
        Output,
        typer.Option(
            "--output",
            "-o",
            metavar="FORM",
            help="json or yaml: kubectl's ExecCredential; else the token alone.",
        ),
    ] = Output.TABLE,
) -> None:
    """Print a token of the lab's issuer; with -o json as kubectl's ExecCredential.

    Examples: kubectl --token "$(infctl lab token viewer)" get pods -A;
    infctl lab token on-call --otp --elevated -o json
    """
    if otp and totp:
        raise UsageError("--otp and --totp are two ways to one code", hint="leave one of them out")
    if elevated and not (otp or totp):
        raise UsageError("elevated tokens need the second factor", hint="add --otp")
    with translated():
        from infctl.lab.identity import asking

        lab = running(name)
        person = asking.person_of(lab, user)
        code = asking.make_code(lab, person, _wait) if otp else totp
        found = asking.obtain(lab, person, code, is_elevated=elevated)
    _print(found, output)


def _wait(seconds: float) -> None:
    import time

    note(f"the last codes were used; the next is accepted in {seconds:.0f} s")
    time.sleep(seconds)


def _print(found: "Token", output: Output) -> None:
    if output in (Output.TABLE, Output.WIDE, Output.NAME):
        write(f"{found.text}\n")
        return
    status = {"token": found.text, "expirationTimestamp": timestamp(found.ends)}
    kind = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    document({**kind, "status": status}, output)


def _row(person: "Person", show_secrets: bool) -> dict[str, Any]:
    secret = {"password": person.password, "totp_secret": person.factor or None}
    return {
        "name": person.name,
        "groups": list(person.groups),
        "second_factor": bool(person.factor),
        "may_elevate": person.may_elevate,
        **(secret if show_secrets else {}),
        "_display": {
            "groups": ", ".join(person.groups),
            "second_factor": "yes" if person.factor else "no",
            "may_elevate": "yes" if person.may_elevate else "no",
        },
    }
