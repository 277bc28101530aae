/** An experiment spec while a person edits it: plain JSON that may be incomplete or wrong. Pure functions, each gives a new draft. */
import { PRESETS, PROTOCOL_DEFAULTS, type Preset, type ProtocolKind } from '../src-shared/spec-defaults.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** The value at a path ("training.lr"; "" is the whole), or undefined. */
export function readAt(from: unknown, path: string): unknown {
  return keysOf(path).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), from);
}

/** The draft with a value at a path; objects on the way are made where they are not there. */
export function writeAt(draft: Json, path: string, value: unknown): Json {
  const [key = '', ...rest] = keysOf(path);
  if (rest.length === 0) return { ...draft, [key]: value };
  const child = draft[key];
  return { ...draft, [key]: writeAt(isObject(child) ? child : {}, rest.join('.'), value) };
}

/** The draft without the field at a path, and without the object that it was the last field of. */
export function removeAt(draft: Json, path: string): Json {
  const [key = '', ...rest] = keysOf(path);
  const { [key]: child, ...others } = draft;
  if (rest.length === 0 || !isObject(child)) return others;
  const left = removeAt(child, rest.join('.'));
  return Object.keys(left).length === 0 ? others : { ...draft, [key]: left };
}

/** What the engine fills in for a field that the draft leaves out. */
export function defaultAt(draft: unknown, path: string): unknown {
  return readAt(
    {
      preset: 'studio',
      ...PRESETS[presetOf(draft)],
      protocol: PROTOCOL_DEFAULTS[protocolKindOf(draft)],
      ensemble: { mcDropout: 0 },
    },
    path,
  );
}

/** The preset of a draft; "studio" where it names none or none that is known. */
export function presetOf(draft: unknown): Preset {
  return readAt(draft, 'preset') === 'paper' ? 'paper' : 'studio';
}

/** The protocol's kind; "cv" where it names none or none that is known. */
export function protocolKindOf(draft: unknown): ProtocolKind {
  const kind = readAt(draft, 'protocol.kind');
  return typeof kind === 'string' && kind in PROTOCOL_DEFAULTS ? (kind as ProtocolKind) : 'cv';
}

/** Protocols that train on one dataset and test on another. */
export function needsTwoDatasets(kind: ProtocolKind): boolean {
  return kind === 'cross' || kind === 'finetune';
}

/** Another preset: values that were the old preset's own follow it, a person's own stay. */
export function withPreset(draft: Json, preset: Preset): Json {
  const old = PRESETS[presetOf(draft)];
  let changed: Json = { ...draft, preset };
  for (const part of ['fusion', 'training'] as const) {
    for (const [field, value] of Object.entries(old[part])) {
      const path = `${part}.${field}`;
      const isOld = JSON.stringify(readAt(draft, path)) === JSON.stringify(value);
      if (isOld) changed = writeAt(changed, path, readAt(PRESETS[preset], path));
    }
  }
  return changed;
}

/** Another protocol: fields that both have stay; a second dataset and an ensemble come or go with it. */
export function withProtocol(draft: Json, kind: ProtocolKind, otherDataset: string | null): Json {
  const old = readAt(draft, 'protocol');
  const fields = Object.entries(PROTOCOL_DEFAULTS[kind]).map(([field, value]) => [
    field,
    readAt(old, field) ?? value,
  ]);
  let changed: Json = { ...draft, protocol: { kind, ...Object.fromEntries(fields) } };
  if (!needsTwoDatasets(kind)) changed = removeAt(changed, 'test');
  else if (changed['test'] === undefined && otherDataset !== null) changed = withTest(changed, otherDataset);
  return kind === 'finetune' ? removeAt(changed, 'ensemble') : changed;
}

/** The draft with a dataset to train on; "dataset" is the alias that it replaces. */
export function withTrain(draft: Json, name: string): Json {
  return 'dataset' in draft && !('train' in draft)
    ? renameKey(draft, 'dataset', 'train', name)
    : writeAt(draft, 'train', name);
}

/** The draft with a dataset to test on, named right after the one to train on. */
export function withTest(draft: Json, name: string): Json {
  if ('test' in draft) return { ...draft, test: name };
  const entries = Object.entries(draft);
  const at = entries.findIndex(([key]) => key === 'train' || key === 'dataset') + 1;
  return Object.fromEntries([...entries.slice(0, at), ['test', name], ...entries.slice(at)]);
}

/** Indented JSON with short lists on one line, as a person would write it. */
export function formatSpec(spec: unknown): string {
  const item = String.raw`(?:"[^"\\\s]*"|-?[\d.eE+-]+)`;
  const list = new RegExp(String.raw`\[\s+(${item}(?:,\s+${item})*)\s+\]`, 'g');
  return JSON.stringify(spec, null, 2).replace(list, (_, items: string) => `[${items.replace(/\s+/g, ' ')}]`);
}

/** The JSON object in a text; throws SyntaxError or Error where there is none. */
export function parseDraft(text: string): Json {
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed) || Array.isArray(parsed)) throw new Error('A spec is an object: { ... }');
  return parsed;
}

/** "512, 256" as numbers; null where a part is no number. An empty text is an empty list. */
export function parseNumbers(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  const numbers = parts.map(Number);
  return numbers.every(Number.isFinite) ? numbers : null;
}

function renameKey(draft: Json, from: string, to: string, value: unknown): Json {
  return Object.fromEntries(Object.entries(draft).map(([k, v]) => (k === from ? [to, value] : [k, v])));
}

function keysOf(path: string): string[] {
  return path === '' ? [] : path.split('.');
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object';
}
