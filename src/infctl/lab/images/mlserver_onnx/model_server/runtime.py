"""The inference runtime that MLServer calls: one per version, all on the pod's one device."""

from typing import Any

from mlserver import MLModel, ModelSettings
from mlserver.errors import MLServerError
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse, Parameters, ResponseOutput

from .device import Device, Overloaded
from .session import BadTensor, Session

VERSION_HEADER = "x-infctl-model-version"
# Too much work is this server's failure and not its client's mistake, so it counts as one: 503,
# which gateways may try elsewhere, and not 429.
_OVERLOADED = 503
_BAD_REQUEST = 400


class OnnxModel(MLModel):  # type: ignore[misc]
    """A version behind the Open Inference Protocol."""

    def __init__(self, settings: ModelSettings, session: Session, device: Device) -> None:
        super().__init__(settings)
        self._session = session
        self._device = device
        self._headers = {VERSION_HEADER: str(session.model)}

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run one request on a device slot."""
        try:
            tensors = self._decode(payload)
            wanted = self._wanted(payload)
            answers = await self._device.run(lambda: self._session.run(tensors))
        except BadTensor as error:
            raise MLServerError(f"{self._session.model}: {error}", _BAD_REQUEST) from error
        except Overloaded as error:
            raise MLServerError(f"overloaded: {error}", _OVERLOADED) from error
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            parameters=Parameters(headers=dict(self._headers)),
            outputs=[_encode(tensor, answers[tensor["name"]]) for tensor in wanted],
        )

    def _decode(self, payload: InferenceRequest) -> dict[str, Any]:
        tensors = {
            tensor.name: self._session.decode(
                tensor.name, str(tensor.datatype), tensor.shape, tensor.data.root
            )
            for tensor in payload.inputs
        }
        if missing := [t["name"] for t in self._session.inputs if t["name"] not in tensors]:
            raise BadTensor(f"the input {missing[0]!r} is missing")
        return tensors

    def _wanted(self, payload: InferenceRequest) -> list[dict[str, Any]]:
        """The outputs that the request names; all where it names none."""
        if not payload.outputs:
            return self._session.outputs
        names = {output.name for output in payload.outputs}
        if unknown := names - {tensor["name"] for tensor in self._session.outputs}:
            raise BadTensor(f"there is no output {min(unknown)[:60]!r}")
        return [tensor for tensor in self._session.outputs if tensor["name"] in names]


def settings_of(session: Session) -> ModelSettings:
    """What MLServer knows of a version."""
    return ModelSettings(
        name=session.model.name,
        implementation=OnnxModel,
        platform="onnx",
        inputs=session.inputs,
        outputs=session.outputs,
        parameters=ModelParameters(version=session.model.version),
    )


def _encode(tensor: dict[str, Any], answer: Any) -> ResponseOutput:
    return ResponseOutput(
        name=tensor["name"],
        datatype=tensor["datatype"],
        shape=list(answer.shape),
        data=answer.ravel().tolist(),
    )
