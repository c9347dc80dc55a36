"""The kinds of operations, one a file, found by kind and version."""

from infctl.engine.handler import Handler
from infctl.engine.operations.apply_object import ApplyObject
from infctl.engine.operations.approve import Approve
from infctl.engine.operations.ask import Ask
from infctl.engine.operations.call_http import CallHttp
from infctl.engine.operations.cordon_node import CordonNode
from infctl.engine.operations.delete_pod import DeletePod
from infctl.engine.operations.drain_node import DrainNode
from infctl.engine.operations.evict_pod import EvictPod
from infctl.engine.operations.heal_fault import HealFault
from infctl.engine.operations.hold_replicas import HoldReplicas
from infctl.engine.operations.inject_fault import InjectFault
from infctl.engine.operations.judge import Judge
from infctl.engine.operations.notify import Notify
from infctl.engine.operations.open_incident import OpenIncident
from infctl.engine.operations.pause_autoscaling import PauseAutoscaling
from infctl.engine.operations.push_config import PushConfig
from infctl.engine.operations.release_replicas import ReleaseReplicas
from infctl.engine.operations.remove_object import RemoveObject
from infctl.engine.operations.restart_deployment import RestartDeployment
from infctl.engine.operations.resume_autoscaling import ResumeAutoscaling
from infctl.engine.operations.run_command import RunCommand
from infctl.engine.operations.scale_deployment import ScaleDeployment
from infctl.engine.operations.set_flag import SetFlag
from infctl.engine.operations.set_region_weight import SetRegionWeight
from infctl.engine.operations.set_route_weights import SetRouteWeights
from infctl.engine.operations.start_load import StartLoad
from infctl.engine.operations.stop_load import StopLoad
from infctl.engine.operations.switch_region_off import SwitchRegionOff
from infctl.engine.operations.switch_region_on import SwitchRegionOn
from infctl.engine.operations.uncordon_node import UncordonNode
from infctl.engine.operations.verify_traffic import VerifyTraffic
from infctl.engine.operations.wait_recovered import WaitRecovered
from infctl.engine.operations.wait_region_ready import WaitRegionReady
from infctl.engine.operations.wait_steady import WaitSteady
from infctl.engine.operations.wait_until import WaitUntil
from infctl.errors import Refused

_HANDLERS: dict[tuple[str, int], Handler] = {
    (handler.kind, handler.version): handler
    for handler in (
        ApplyObject(),
        Approve(),
        Ask(),
        CallHttp(),
        CordonNode(),
        DeletePod(),
        DrainNode(),
        EvictPod(),
        HealFault(),
        HoldReplicas(),
        InjectFault(),
        Judge(),
        Notify(),
        OpenIncident(),
        PauseAutoscaling(),
        PushConfig(),
        ReleaseReplicas(),
        RemoveObject(),
        RestartDeployment(),
        ResumeAutoscaling(),
        RunCommand(),
        ScaleDeployment(),
        SetFlag(),
        SetRegionWeight(),
        SetRouteWeights(),
        StartLoad(),
        StopLoad(),
        SwitchRegionOff(),
        SwitchRegionOn(),
        UncordonNode(),
        VerifyTraffic(),
        WaitRecovered(),
        WaitRegionReady(),
        WaitSteady(),
        WaitUntil(),
    )
}


def find(kind: str, version: int) -> Handler:
    """The code for one kind of operation; Refused where this infctl has none of that version."""
    handler = _HANDLERS.get((kind, version))
    if handler is None:
        raise Refused(
            f"this infctl does not know the operation {kind} version {version}",
            hint="use the infctl that made the plan",
            unchanged="nothing was done",
        )
    return handler


def kinds() -> tuple[tuple[str, int], ...]:
    """Every known kind with its version."""
    return tuple(_HANDLERS)
