// A decider in JavaScript: node decider.mjs http://127.0.0.1:8080 o-1 place '{"customer":"Ann","total":500}'
import { randomUUID } from "node:crypto";
const evolve = (state, { type, data }) => ({
  OrderPlaced: () => ({ status: "placed", due: data.total }),
  OrderPaid: () => ({ ...state, due: state.due - data.amount }),
  OrderShipped: () => ({ ...state, status: "shipped" }),
  OrderClosed: () => ({ ...state, status: "closed" }),
})[type.split(".")[1]]();

function decide(state, command, data) {
  if (command === "place" && !state) return [["OrderPlaced", data]];
  if (command === "pay" && state?.due >= data.amount) return [["OrderPaid", data]];
  if (command === "ship" && state?.due === 0 && state.status === "placed") return [["OrderShipped", data], ["OrderClosed", {}]];
  throw new Error(`refused: ${command} on ${JSON.stringify(state)}`);
}

async function handle(server, order, command, data) {
  const stream = `${server}/v1/streams/orders/order/${order}`, key = randomUUID();
  for (;;) {
    const { events: past = [] } = await (await fetch(`${stream}?limit=1000`)).json();
    const decided = decide(past.reduce(evolve, undefined), command, data);
    const events = decided.map(([kind, each]) => ({ type: `orders.${kind}.v1`, data: each }));
    const headers = { "Content-Type": "application/json", "If-Match": `"${past.length}"`, "Idempotency-Key": key };
    const answer = await (await fetch(stream, { method: "POST", headers, body: JSON.stringify(events) })).json();
    if (answer.status !== 412) return answer; // 412: somebody was faster; decide again
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

const [server, order, command, data] = process.argv.slice(2);
console.log(JSON.stringify(await handle(server, order, command, JSON.parse(data))));
