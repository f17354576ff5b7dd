// The print shop, on loopback. What it does with a job depends on the copies: of 7 the
// first request is refused, of 8 the connection breaks before the answer, every time
// of 9. It counts what it did.
import { createServer } from 'node:http';

export async function printShop() {
  const done = { orders: 0, jobs: 0, bills: 0 };
  const asked = new Map(); // order to how often a job was asked for it
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const answer = (status, document) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      if (request.url === '/orders') return answer(201, { id: `order_${++done.orders}` });
      if (request.url !== '/jobs') return answer(201, { number: `bill_${++done.bills}` });
      const { order_id: order, copies } = JSON.parse(body);
      asked.set(order, (asked.get(order) ?? 0) + 1);
      const first = asked.get(order) === 1;
      if (copies === 7 && first) return answer(422, { message: 'there is no paper' });
      done.jobs++;
      if (copies === 9 || (copies === 8 && first)) return request.socket.destroy();
      return answer(201, { id: `job_${done.jobs}` });
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}`, done, close: () => server.close() };
}
