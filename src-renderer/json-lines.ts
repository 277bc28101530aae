/** Where the fields of a JSON text are, so that an error can be shown at its line. */

type Open = { path: string; kind: 'object' | 'array'; key: string; index: number };

/** Path ("ablation.3.streams") -> line (from 1) on which the field begins, for a text that is valid JSON. */
export function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>([['', 1]]);
  const open: Open[] = [];
  let line = 1;
  let isKey = false;
  for (const [token] of text.matchAll(/\n|"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const inside = open.at(-1);
    if (token === '\n') line++;
    else if (token === '}' || token === ']') {
      open.pop();
      isKey = false;
    } else if (token === ',') {
      isKey = inside?.kind === 'object';
      if (inside?.kind === 'array') inside.index++;
    } else if (token === ':') isKey = false;
    else if (isKey && inside !== undefined) {
      inside.key = JSON.parse(token) as string;
      lines.set(join(inside), line);
    } else {
      const path = inside === undefined ? '' : join(inside);
      if (!lines.has(path)) lines.set(path, line);
      if (token !== '{' && token !== '[') continue;
      open.push({ path, kind: token === '{' ? 'object' : 'array', key: '', index: 0 });
      isKey = token === '{';
    }
  }
  return lines;
}

/** The line of a field; of the nearest thing around it where the field is not there. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return lines.get('') ?? 1;
}

/** The line that a SyntaxError of JSON.parse names ("... (line 3 column 5)" or "... at position 20"), else null. */
export function lineOfSyntaxError(message: string, text: string): number | null {
  const named = /\(line (\d+)/.exec(message)?.[1];
  if (named !== undefined) return Number(named);
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return /end of JSON/i.test(message) ? text.split('\n').length : null;
}

function join({ path, kind, key, index }: Open): string {
  const own = kind === 'object' ? key : String(index);
  return path === '' ? own : `${path}.${own}`;
}
