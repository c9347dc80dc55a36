"""How others reach a lab: the environment access file, and the variables for a shell."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infctl.lab import addresses, locate
from infctl.lab.dns import places
from infctl.lab.errors import LabError
from infctl.lab.spec import Lab

# moto checks no signature; these only have to be there.
_KEY_ID = "infctl-lab"
_KEY = "infctl-lab"


def file_of(name: str) -> Path:
    """The environment access file of a lab."""
    return locate.state_root() / "environments" / f"{name}.json"


def describe(lab: Lab, left_out: Sequence[str] = ()) -> dict[str, Any]:
    """The environment as others read it; `left_out` are regions that the lab does without."""
    cloud = f"http://{lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    return {
        "apiVersion": "infctl.dev/v1",
        "kind": "Environment",
        "name": lab.name,
        "overlay": "lab",
        "class": "sim",
        "kubeconfig": str(lab.kubeconfig),
        "regions": {
            region.name: {
                "context": region.name,
                "prometheus": f"http://{lab.edge(region, 'metrics')}:{addresses.METRICS_PORT}",
                "cloud": {
                    "endpoint": f"http://{lab.edge(region, 'cloud')}:{addresses.CLOUD_PORT}",
                    "region": region.name,
                },
            }
            for region in lab.regions
        },
        "left_out": list(left_out),
        "cloud": {
            "endpoint": cloud,
            "region": lab.regions[0].name,
            "access_key_id": _KEY_ID,
            "secret_access_key": _KEY,
        },
        "resolver": {"address": lab.shared("dns"), "port": addresses.DNS_PORT},
        "clients": places.client_networks(),
        "faults": {"socket": str(lab.admin_socket)},
    }


def write(lab: Lab, left_out: Sequence[str] = ()) -> Path:
    """Write the environment access file, mode 0600."""
    path = file_of(lab.name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(describe(lab, left_out), file, indent=1)
    temporary.replace(path)
    return path


def remove(name: str) -> None:
    """Remove a lab's environment access file, if it is one of a lab."""
    if _is_ours(name):
        file_of(name).unlink(missing_ok=True)


def check_free(name: str) -> None:
    """LabError where someone wrote the access file of a real platform of that name."""
    path = file_of(name)
    if path.exists() and not _is_ours(name):
        raise LabError(
            f"{path} says how a platform that is no lab is reached; it was left as it is",
            "infctl lab up --name OTHER",
        )


def _is_ours(name: str) -> bool:
    try:
        faults = json.loads(file_of(name).read_text())["faults"]
        return str(faults["socket"]).endswith(f"/labs/{name}/admin.sock")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def variables(lab: Lab) -> dict[str, str]:
    """What kubectl and the AWS CLI read from the environment."""
    return {
        "KUBECONFIG": str(lab.kubeconfig),
        "AWS_ENDPOINT_URL": f"http://{lab.shared('cloud')}:{addresses.CLOUD_PORT}",
        "AWS_ACCESS_KEY_ID": _KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_DEFAULT_REGION": lab.regions[0].name,
        "INFCTL_ENV": lab.name,
    }
