// Two speakers in one process: the first announces a route, the second prints what it learns. Run after `npm run build`.

import { pino } from 'pino';
import { NEIGHBOR_DEFAULTS, Speaker } from 'tsbgp';

const PORT = 1790;

/** @param {number} self @param {number} other */
function speaker(self, other) {
  return new Speaker(
    {
      as: 65000 + self,
      routerId: `10.0.0.${self}`,
      listen: [`127.0.0.${self}`],
      port: PORT,
      neighbors: [
        {
          ...NEIGHBOR_DEFAULTS,
          address: `127.0.0.${other}`,
          as: 65000 + other,
          port: PORT,
          localAddress: `127.0.0.${self}`,
          import: 'accept',
          export: 'accept',
        },
      ],
    },
    pino({ level: 'warn' }),
  );
}

const first = speaker(1, 2);
const second = speaker(2, 1);
const learned = new Promise(resolve => second.subscribe('rib', resolve));
await Promise.all([first.start(), second.start()]);
first.addRoutes([{ prefix: '10.233.1.0/24', communities: ['65001:100'] }]);
console.log(await learned);
await Promise.all([first.stop({}), second.stop({})]);
