"""The models that are served."""

from infctl.platform.sections.base import Digest, Name, Section


class Model(Section):
    """A model in one immutable version, named by the digest of its artifact."""

    name: Name
    version: Name
    digest: Digest
