"""One turn of the loop with nothing but an HTTP client: `sabbatical up`, then `python recipes/a_turn_over_http.py`.

A help desk sorts mails, then its customers begin to chat: this asks as they do, labels as people do, and looks on.
"""

import random
import sys
import time

import httpx

MAIL = {"billing": "invoice payment refund", "delivery": "parcel courier address", "account": "password login profile"}
CHAT = {"billing": "money cash ripped", "delivery": "stuff box driver", "account": "locked hacked phone"}
GATES = [{"gate": "items", "at_least": 30}, {"gate": "overall"}, {"gate": "slices", "items": 10}]
STAGES = [{"stage": "shadow", "requests": 30, "slower_at_most": 50}, {"stage": "full"}]  # for a busy machine
POLICY = {"watch": {"window": 100, "reference": 100}, "label": {"tasks_a_turn": 150}, "train": {"recipe": "linear"}}
name, topics = f"desk-{int(time.time())}", {}
desk, http = f"/projects/{name}", httpx.Client(base_url=f"{[*sys.argv, 'http://127.0.0.1:8400'][1]}/v1", timeout=60)


def message(words):
    topic = random.choice(list(words))
    text = " ".join(random.choices(words[topic].split(), k=3) + random.choices(["please", "help", "with", "my"], k=3))
    return topics.setdefault(f"{text} {len(topics)}", topic) and list(topics)[-1]


def ask(path, body=None, **more):
    answer = http.get(path) if body is None and not more else http.post(path, json=body, **more)
    return answer.json() if answer.is_success else sys.exit(f"{path}: {answer.text}")


def done(run, look=lambda _: None):
    while run["state"] not in ("done", "failed", "cancelled"):
        look(run) or time.sleep(0.5)
        run = ask(f"/runs/{run['id']}")
    return run["result"] if run["state"] == "done" else sys.exit(f"{run['kind']}: {run['error']['message']}")


def doubts(words):
    inputs = [{"text": message(words), "attributes": {"mail": words is MAIL}} for _ in range(60)]
    return sum(not one["sure"] for one in ask(f"{desk}/predict/batch", {"inputs": inputs})["answers"])


def label_and_chat(run):
    print(run["message"], "- not sure of", doubts(CHAT), "of 60 chats")
    for campaign in ask(f"{desk}/campaigns")["rows"]:
        for task in ask(f"{desk}/campaigns/{campaign['name']}/tasks?state=open")["rows"]:
            shapes = [{"label": topics[ask(f"{desk}/items/{task['item']}")["text"]]}]
            said = {"item": task["item"], "taxonomy": campaign["taxonomy"], "author": "the desk", "shapes": shapes}
            ask(f"{desk}/labels", said)


ask("/projects", {"name": name, "task": "text", "test_share": 0.3})
rows = "\n".join(["text,label", *(f"{text},{topics[text]}" for text in [message(MAIL) for _ in range(400)])])
done(ask("/ingests", {"project": name, "source": ask("/uploads?name=mails.csv", content=rows.encode())["source"]}))
model = done(ask(f"{desk}/models", {"recipe": "linear", "snapshot": done(ask(f"{desk}/snapshots", {}))["snapshot"]}))
done(ask(f"{desk}/releases", {"model": model["model"], "rules": {"gates": GATES, "stages": STAGES[-1:]}}))
print("Not sure of", sum(doubts(MAIL) for _ in range(3)), "of 180 mails,", doubts(CHAT), "of 60 chats.")
ask(f"{desk}/autopilot/policies", {"policy": POLICY | {"release": {"gates": GATES, "stages": STAGES}}})
print(done(ask(f"{desk}/autopilot/turns", {}), label_and_chat)["message"], "Not sure of", doubts(CHAT), "of 60 chats.")
