"""One turn of the loop, as a durable function. Each named step is done once, whatever is killed; see `durable.flow`."""

from __future__ import annotations

from sabbatical.autopilot import policies
from sabbatical.autopilot.loop import ON_THE_WAY, Loop
from sabbatical.core.errors import Conflict
from sabbatical.durable.flow import Flow, Result, flow

KIND = "turn"


PLAN = (
    *("begin", "monitor", "mine", "order", "labels", "snapshot", "news", "train", "propose"),
    *(name for stage in ON_THE_WAY for name in (stage, f"leave-{stage}")),
    "end",
)


@flow(KIND, stop_rule=policies.why_off, plan=PLAN)
def turn(flow: Flow) -> Result:
    """Watch, mine, label, train, judge, release; a release that is under way is brought to its end first."""
    loop = Loop(flow)
    begun = flow.do("begin", loop.begin)
    stage, policy = begun["stage"], loop.policy
    if stage is None:
        if begun["champion"]:
            flow.run("monitor", loop.monitor)
            flow.run("mine", loop.mine)
            if "label" in policy.ask_a_person:
                flow.wait("order", loop.person_orders, at_most=policy.label.wait)
            else:
                flow.do("order", loop.order)
            flow.wait("labels", loop.labels, at_most=policy.label.wait)
        flow.run("snapshot", loop.snapshot)
        if not flow.do("news", loop.news)["new"]:
            return flow.do("end", loop.end_without_model)
        flow.run("train", loop.train)
        try:
            stage = flow.run("propose", loop.propose)["stage"]
        except Conflict as error:  # a person began a release, or decided on this model, while it learned
            return flow.do("end", loop.end_in_the_way(error))
    while stage in ON_THE_WAY:
        seen = flow.wait(stage, loop.watch(stage), at_most=loop.patience(stage))
        if not seen.get("go"):
            return flow.do("end", loop.end_waiting(stage))
        stage = flow.do(f"leave-{stage}", loop.leave(stage))["stage"]
    return flow.do("end", loop.end)
