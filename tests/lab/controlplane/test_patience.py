"""What is installed in a region is tried again while its server has only just started."""

import pytest

from infctl.lab.cluster import ClusterError
from infctl.lab.controlplane.installation import _patiently


class Server:
    """Answers with these statuses first, then well."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.asked = 0

    async def answer(self) -> str:
        self.asked += 1
        if self._statuses:
            raise ClusterError(self._statuses.pop(0), "not now")
        return "done"


async def test_no_answer_and_answers_of_a_busy_server_are_waited_out() -> None:
    server = Server(0, 429, 500, 503, 504)
    assert await _patiently(server.answer) == "done"
    assert server.asked == 6


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
async def test_a_refusal_is_told_at_once(status: int) -> None:
    server = Server(status)
    with pytest.raises(ClusterError, match=f"{status}: not now"):
        await _patiently(server.answer)
    assert server.asked == 1
