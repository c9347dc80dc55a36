"""Who an API server says that we are: never what a program believes about itself."""

import unicodedata
from typing import Any

from infctl.errors import CredentialsError
from infctl.model.text import clean
from infctl.ports.cluster import Cluster


async def whoami(cluster: Cluster) -> str:
    """The user name that the cluster's authentication found, as policies see it."""
    found: Any = await cluster.create(
        {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
            "metadata": {"name": "self"},
        }
    )
    user = ((found.get("status") or {}).get("userInfo") or {}).get("username")
    if not isinstance(user, str) or not user:
        raise CredentialsError(f"{cluster.region} does not say who we are")
    return clean(user, limit=512)


def canonical(identity: str) -> str:
    """An identity without what only looks different: width, case, spaces around."""
    folded = unicodedata.normalize("NFKC", identity).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
