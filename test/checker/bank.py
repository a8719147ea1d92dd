"""The bank domain of API.md section 5, written a second time: decisions, state, views. Shares no code with the engine."""

import hashlib

import folded_log

QUADRILLION = 10**15


def decide(state, command, data):
    """("events", [(name, data)]) or ("refused", code, members). state: None when there is no such stream."""
    if command == "CreateAccount":
        if state is not None:
            return ("refused", "account-exists", {})
        return ("events", [("AccountCreated", {"owner": data["owner"], "currency": data["currency"],
                                               "overdraft_limit": data.get("overdraft_limit", 0)})])
    if state is None:
        return ("refused", "no-such-account", {})
    if state["status"] == "closed":
        return ("refused", "account-closed", {})
    balance, limit = state["balance"], state["overdraft_limit"]
    if command == "CloseAccount":
        return ("refused", "balance-not-zero", {"balance": balance}) if balance else ("events", [("AccountClosed", {})])
    reference = {"reference": data["reference"]} if "reference" in data else {}
    amount = data["amount"]
    if command == "Deposit":
        after = balance + amount
        if after > QUADRILLION:
            return ("refused", "balance-too-large", {})
        events = [("DepositMade", {"amount": amount, "balance": after, **reference})]
        return ("events", events + ([("OverdraftEnded", {})] if balance < 0 <= after else []))
    if command == "Withdraw":
        after = balance - amount
        if after < -limit:
            return ("refused", "insufficient-funds", {"balance": balance, "available": balance + limit})
        events = [("WithdrawalMade", {"amount": amount, "balance": after, **reference})]
        return ("events", events + ([("OverdraftStarted", {"balance": after})] if after < 0 <= balance else []))
    raise ValueError(f"no such command: {command}")


def evolve(state, name, data):
    if name == "AccountCreated":
        return {**data, "balance": 0, "status": "open"}
    if name == "AccountClosed":
        return {**state, "status": "closed"}
    if name in ("DepositMade", "WithdrawalMade"):
        sign = 1 if name == "DepositMade" else -1
        return {**state, "balance": state["balance"] + sign * data["amount"]}  # summed, not copied from the event
    if name in ("OverdraftStarted", "OverdraftEnded"):
        return state
    raise ValueError(f"no such event: {name}")


def name_of(event_type):
    """`bank.DepositMade.v1` -> `DepositMade`."""
    domain, name, version = event_type.split(".")
    if domain != "bank" or version != "v1":
        raise ValueError(f"no event of the bank: {event_type}")
    return name


def account_row(stream_id, state, version, created_at, changed_at):
    return {"id": stream_id, "owner": state["owner"], "currency": state["currency"], "balance": state["balance"],
            "overdraft_limit": state["overdraft_limit"], "status": state["status"], "version": version,
            "created_at": created_at, "changed_at": changed_at}


def views(events):
    """{"accounts": {key: row}, "owners": …, "turnover": …} of all accepted events (objects with stream_id, name, data, version, time)."""
    accounts, owners, turnover, states, created = {}, {}, {}, {}, {}
    for event in events:
        stream_id = event.stream_id
        state = states[stream_id] = evolve(states.get(stream_id), event.name, event.data)
        created.setdefault(stream_id, event.time)
        accounts[stream_id] = account_row(stream_id, state, event.version, created[stream_id], event.time)
        owner = owners.setdefault(state["owner"], {"owner": state["owner"], "accounts": 0, "closed": 0, "deposits": 0, "withdrawals": 0})
        column = {"AccountCreated": "accounts", "AccountClosed": "closed", "DepositMade": "deposits", "WithdrawalMade": "withdrawals"}.get(event.name)
        if column:
            owner[column] += 1
        if event.name in ("DepositMade", "WithdrawalMade"):
            day = event.time[:10]
            row = turnover.setdefault(f'{state["currency"]}:{day}', {"currency": state["currency"], "day": day, "deposits": 0, "deposited": 0,
                                                                    "withdrawals": 0, "withdrawn": 0})
            count, total = ("deposits", "deposited") if event.name == "DepositMade" else ("withdrawals", "withdrawn")
            row[count] += 1
            row[total] += event.data["amount"]
    return {"accounts": accounts, "owners": owners, "turnover": turnover}


def digest(rows):
    """Of a view: API.md section 4."""
    made = hashlib.sha256()
    for key in sorted(rows, key=str.encode):
        made.update(f"{folded_log.canonical(key)}\t{folded_log.canonical(rows[key])}\n".encode())
    return made.hexdigest()
