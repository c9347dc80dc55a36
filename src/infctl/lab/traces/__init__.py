"""The lab's trace store: takes spans by OTLP over HTTP, keeps them as files, finds a trace by id.

VictoriaTraces comes through no registry that we use, and Jaeger is 2,300 packages to build, more
than Kubernetes; the files have OTLP's own form, so that other tools read them.
"""

from infctl.lab.traces.parts import parts

__all__ = ["parts"]
