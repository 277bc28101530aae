/** `npm run bench [nss|extract|preprocess|encoders|devices|neighbours|train|head|ladder|window|peer|api]...`: all benchmarks, or the named ones. They print figures and never fail on time. */
import { benchApi } from './api.ts';
import { benchDevices } from './devices.ts';
import { benchEncoders } from './encoders.ts';
import { benchExtract } from './extract.ts';
import { benchHead } from './head.ts';
import { benchNeighbours } from './neighbours.ts';
import { benchLadder } from './ladder.ts';
import { benchNss } from './nss.ts';
import { benchPeer } from './peer.ts';
import { benchPreprocess } from './preprocess.ts';
import { benchTrain } from './train.ts';
import { benchWindow } from './window.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1'; // as in the engine

const BENCHES: Record<string, () => unknown> = {
  nss: benchNss,
  extract: () => benchExtract(),
  preprocess: () => benchPreprocess(),
  encoders: () => benchEncoders(),
  devices: () => benchDevices(),
  neighbours: () => benchNeighbours(),
  train: () => benchTrain(),
  head: benchHead,
  ladder: () => benchLadder(),
  window: () => benchWindow(),
  peer: () => benchPeer(5),
  api: benchApi,
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const bench = BENCHES[name];
  if (bench === undefined) {
    console.error(`Unknown benchmark "${name}"; there are: ${Object.keys(BENCHES).join(', ')}`);
    process.exit(2);
  }
  console.log(`\n== ${name}`);
  await bench();
}
