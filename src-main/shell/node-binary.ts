/** Which Node runs the engine: never Electron's own, in which sharp and onnxruntime-node crash (docs/shell.md). */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';

/** The packaged app's Node, else the npm package `node`, else BIQA_STUDIO_NODE; throws 'not-found' with a remedy.
 *  `resources`: Electron's process.resourcesPath; `appRoot`: the folder of package.json. */
export function findNodeBinary(appRoot: string, resources: string | undefined): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const places = [
    ...(resources === undefined ? [] : [path.join(resources, 'node', name)]),
    path.join(appRoot, 'node_modules', 'node', 'bin', name),
    ...(process.env['BIQA_STUDIO_NODE'] ? [process.env['BIQA_STUDIO_NODE']] : []),
  ];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new StudioError('not-found', 'No Node to run the engine with', {
    file: places[0],
    hint: 'Run `npm ci`, or name a Node 24 with BIQA_STUDIO_NODE.',
  });
}
