"""What pods run: images as locked environments and entry points instead of layers."""

from infctl.lab.images.build import ensure

__all__ = ["ensure"]
