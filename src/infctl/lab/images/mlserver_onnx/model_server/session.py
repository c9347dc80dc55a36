"""A loaded version: from named tensors to named tensors, checked against its golden examples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime

from .artifact import Artifact, ArtifactError

Tensors = Mapping[str, Any]
MOST_ROWS = 1024
_DATATYPES = {
    "tensor(float)": ("FP32", np.float32),
    "tensor(double)": ("FP64", np.float64),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(int32)": ("INT32", np.int32),
    "tensor(bool)": ("BOOL", np.bool_),
}
_TOLERANCE = 1e-4


class BadTensor(Exception):
    """A request's tensor is not what the model takes."""


class Session:
    """ONNX Runtime on one thread: the pods of a machine share its cores."""

    def __init__(self, artifact: Artifact) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.model = artifact.model
        self.golden = artifact.golden
        try:
            self._session = onnxruntime.InferenceSession(
                artifact.content, options, providers=["CPUExecutionProvider"]
            )
            self.inputs = [_describe(tensor) for tensor in self._session.get_inputs()]
            self.outputs = [_describe(tensor) for tensor in self._session.get_outputs()]
        except Exception as error:
            raise ArtifactError(f"{self.model} cannot be loaded: {_first_line(error)}") from error
        self._types = {t.name: _DATATYPES[t.type][1] for t in self._session.get_inputs()}

    def run(self, tensors: Tensors) -> dict[str, Any]:
        """All outputs; BadTensor where the runtime cannot take the inputs."""
        names = [output["name"] for output in self.outputs]
        try:
            return dict(zip(names, self._session.run(names, dict(tensors)), strict=True))
        except Exception as error:
            raise BadTensor(_first_line(error)) from error

    def decode(self, name: str, datatype: str, shape: list[int], data: Any) -> Any:
        """An input as an array; BadTensor with the reason where it does not fit."""
        wanted = next((tensor for tensor in self.inputs if tensor["name"] == name), None)
        if wanted is None:
            raise BadTensor(f"there is no input {name[:60]!r}")
        if datatype != wanted["datatype"]:
            raise BadTensor(f"the input {name!r} is {wanted['datatype']}, not {datatype}")
        if not _fits(shape, wanted["shape"]):
            raise BadTensor(
                f"the input {name!r} has the shape {wanted['shape']} with 1 to {MOST_ROWS} rows"
            )
        try:
            return np.array(data, self._types[name]).reshape(shape)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadTensor(f"the input {name!r}: {_first_line(error)}") from error

    def check_golden(self) -> None:
        """ArtifactError unless every golden example comes out as recorded."""
        for number, example in enumerate(self.golden, start=1):
            try:
                tensors = {t["name"]: self.decode(**_fields(t)) for t in example["inputs"]}
                answers = self.run(tensors)
                good = all(_is_close(answers[t["name"]], t) for t in example["outputs"])
            except (KeyError, TypeError, ValueError, BadTensor) as error:
                raise ArtifactError(
                    f"golden example {number} of {self.model} cannot be tried: {error}"
                ) from error
            if not good or not example["outputs"]:
                raise ArtifactError(f"{self.model} answers golden example {number} otherwise")


def _describe(tensor: Any) -> dict[str, Any]:
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return {"name": tensor.name, "datatype": _DATATYPES[tensor.type][0], "shape": shape}


def _fits(shape: list[int], wanted: list[int]) -> bool:
    if len(shape) != len(wanted) or not all(isinstance(size, int) for size in shape):
        return False
    return all(
        1 <= size <= MOST_ROWS if expected < 0 else size == expected
        for size, expected in zip(shape, wanted, strict=True)
    )


def _fields(tensor: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tensor[key] for key in ("name", "datatype", "shape", "data")}


def _is_close(answer: Any, recorded: Mapping[str, Any]) -> bool:
    wanted = np.array(recorded["data"], np.float64).reshape(recorded["shape"])
    if answer.shape != wanted.shape:
        return False
    return bool(np.allclose(answer, wanted, rtol=0, atol=_TOLERANCE))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
