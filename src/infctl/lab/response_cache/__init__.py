"""nginx beside a region's gateway keeps answers of models, by digest, tenant and body.

A request asks for it by a header; all others never come near it. What is kept of which version
follows the region's Deployments; without nginx the lab runs all the same, and nothing is kept.
"""

from infctl.lab.response_cache.parts import parts, prepare

__all__ = ["parts", "prepare"]
