"""A decider in Python: decider.py http://127.0.0.1:8080 o-1 place '{"customer":"Ann","total":500}'"""
import json, sys, time, urllib.error, urllib.request, uuid

def evolve(state, event):
    kind, data = event["type"].split(".")[1], event["data"]
    if kind == "OrderPlaced": return {"status": "placed", "due": data["total"]}
    if kind == "OrderPaid": return {**state, "due": state["due"] - data["amount"]}
    return {**state, "status": "shipped" if kind == "OrderShipped" else "closed"}

def decide(state, command, data):
    if command == "place" and not state: return [("OrderPlaced", data)]
    if command == "pay" and state and state["due"] >= data["amount"]: return [("OrderPaid", data)]
    if command == "ship" and state == {"status": "placed", "due": 0}: return [("OrderShipped", data), ("OrderClosed", {})]
    sys.exit(f"refused: {command} on {state}")

def call(url, headers={}, body=None):
    try: return json.load(urllib.request.urlopen(urllib.request.Request(url, body and json.dumps(body).encode(), headers)))
    except urllib.error.HTTPError as error: return json.load(error)

def handle(server, order, command, data):
    stream, key = f"{server}/v1/streams/orders/order/{order}", str(uuid.uuid4())
    while True:
        state, version, page = None, 0, call(f"{stream}?limit=1000")
        for event in page.get("events", []): state, version = evolve(state, event), event["version"]
        events = [{"type": f"orders.{kind}.v1", "data": each} for kind, each in decide(state, command, data)]
        answer = call(stream, {"Content-Type": "application/json", "If-Match": f'"{version}"', "Idempotency-Key": key}, events)
        if answer.get("status") != 412: return answer
        time.sleep(0.01)  # somebody was faster: decide again

print(json.dumps(handle(*sys.argv[1:4], json.loads(sys.argv[4]))))
