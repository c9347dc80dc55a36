import asyncio
import json

from gateway_objects import a_backend_ref, a_rule
from running_envoy import RunningEnvoy, until

from infctl.lab.gateway import bootstrap, log_rotation


def test_the_access_log_says_region_route_version_and_duration(
    envoy: RunningEnvoy, echoes: object
) -> None:
    host = envoy.serve(a_rule(a_backend_ref("a"), name="infer"))
    envoy.ask(host, "/logged", x_infctl_client="me")
    log = bootstrap.access_log(envoy.lab, envoy.region)

    def entry() -> dict[str, object]:
        lines = log.read_text().splitlines() if log.exists() else []
        found = [json.loads(line) for line in lines if '"/logged"' in line]
        return found[0] if found else {}

    said = until(entry, "the request is logged")
    assert said["region"] == "eu-west-1"
    assert str(said["route"]).endswith("/infer/match/0")
    assert said["model_version"] == "digits/a"
    assert (said["status"], said["client"], said["flags"]) == (200, "me", "-")
    assert isinstance(said["duration_ms"], int)


def test_a_full_log_is_put_aside_and_envoy_writes_a_new_one(
    envoy: RunningEnvoy, echoes: object
) -> None:
    host = envoy.serve(a_rule(a_backend_ref("a")))
    log = bootstrap.access_log(envoy.lab, envoy.region)
    envoy.ask(host, "/before")
    until(lambda: log.exists() and "/before" in log.read_text(), "the request is logged")

    admin = bootstrap.admin(envoy.lab, envoy.region)
    asyncio.run(log_rotation.rotate(log, admin, most=10**9))
    assert "/before" in log.read_text()
    asyncio.run(log_rotation.rotate(log, admin, most=1))
    envoy.ask(host, "/after")
    until(lambda: log.exists() and "/after" in log.read_text(), "the new log is written")


def test_a_log_that_envoy_cannot_reopen_stays_the_present_one(envoy: RunningEnvoy) -> None:
    log = envoy.folder.parent / "other.log"
    log.write_text("full\n")

    asyncio.run(log_rotation.rotate(log, "127.0.0.1:9", most=1))
    assert log.read_text() == "full\n"
