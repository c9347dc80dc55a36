"""The accelerator model: slots, their time, the queue, and who is refused."""

import asyncio

import pytest

from infctl.lab.images.mlserver_onnx.model_server.device import Device, Overloaded


async def test_a_request_holds_its_slot_for_the_service_time() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await Device(1, 0.05, 0).run(lambda: "done") == "done"
    # The loop's clock may wake a timer up to its own resolution early.
    assert loop.time() - began >= 0.05 - 0.001


async def test_lateness_never_adds_up_to_lost_capacity() -> None:
    device = Device(2, 0.02, 100)
    loop = asyncio.get_running_loop()
    began = loop.time()

    def block_the_loop_for_a_while() -> None:
        end = loop.time() + 0.004
        while loop.time() < end:
            pass

    await asyncio.gather(*(device.run(block_the_loop_for_a_while) for _ in range(40)))
    # Twenty turns of 20 ms are 400 ms; four milliseconds late each would be 480 ms and more.
    assert 0.4 - 0.001 <= loop.time() - began < 0.47


async def test_requests_are_served_in_the_order_of_their_coming() -> None:
    device, served = Device(1, 0.001, 10), list[int]()
    await asyncio.gather(*(device.run(lambda n=n: served.append(n)) for n in range(8)))  # type: ignore[misc]
    assert served == list(range(8))


@pytest.mark.parametrize(("slots", "limit", "sent"), [(1, 0, 3), (2, 3, 9), (4, 1, 5), (1, 5, 6)])
async def test_what_is_above_slots_and_queue_is_refused(slots: int, limit: int, sent: int) -> None:
    device, told = Device(slots, 0.01, limit), list[None]()
    device.when_refused = lambda: told.append(None)
    answers = await asyncio.gather(
        *(device.run(lambda: 1) for _ in range(sent)), return_exceptions=True
    )
    refused = [a for a in answers if isinstance(a, Overloaded)]
    assert len(refused) == len(told) == max(0, sent - slots - limit)
    assert (device.busy, device.waiting) == (0, 0)


async def test_a_request_that_fails_or_is_given_up_gives_its_slot_back() -> None:
    device = Device(1, 0.001, 10)
    with pytest.raises(ZeroDivisionError):
        await device.run(lambda: 1 / 0)
    holder = asyncio.create_task(Device.run(device, lambda: 1))
    waiter = asyncio.create_task(device.run(lambda: 2))
    await asyncio.sleep(0)
    assert (device.busy, device.waiting) == (1, 1)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    assert (device.busy, device.waiting) == (0, 0)
    assert await device.run(lambda: 3) == 3
