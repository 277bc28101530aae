import { api, errorOf, isAborted } from '../api.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';

/** What the engine says a spec would run. */
export type SpecCheck = Awaited<ReturnType<typeof api.experiments.check.query>>;
type Json = Record<string, unknown>;

/** One experiment spec under two views, form and JSON text; the engine says what it would run. */
export class SpecEditor {
  text = $state('');
  /** The text as an object; null while it is not valid JSON. */
  draft = $state.raw<Json | null>(null);
  syntaxError = $state<string | null>(null);
  check = $state.raw<SpecCheck | null>(null);
  checkError = $state.raw<ErrorShape | null>(null);
  checking = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  /** Replaces the whole spec. */
  load(spec: ExperimentSpec): void {
    const { version, name, ...rest } = structuredClone(spec);
    this.#setDraft({ version, name, ...rest });
  }

  /** The person typed into the JSON. */
  setText(text: string): void {
    this.text = text;
    try {
      const parsed: unknown = JSON.parse(text);
      if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed))
        throw new Error('not an object');
      this.draft = parsed as Json;
      this.syntaxError = null;
      this.#checkSoon();
    } catch (error) {
      this.draft = null;
      this.check = null;
      this.syntaxError = error instanceof Error ? error.message : String(error);
    }
  }

  /** A field by its path ("training.lr"): the draft's own value, else what the engine fills in. */
  get(path: string): unknown {
    return read(this.draft, path) ?? read(this.check?.spec, path);
  }

  /** The person changed a field of the form. */
  set(path: string, value: unknown): void {
    if (this.draft === null) return;
    this.#setDraft(write(this.draft, path.split('.'), value));
  }

  /** Another preset: its own fusion and training values come back in. */
  setPreset(preset: string): void {
    if (this.draft === null) return;
    const { fusion: _fusion, training: _training, ...rest } = this.draft;
    this.#setDraft({ ...rest, preset });
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #setDraft(draft: Json): void {
    this.draft = draft;
    this.text = formatSpec(draft);
    this.syntaxError = null;
    this.#checkSoon();
  }

  #checkSoon(): void {
    clearTimeout(this.#timer);
    this.checking = true;
    this.#timer = setTimeout(() => void this.#check(), 250);
  }

  async #check(): Promise<void> {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const check = await api.experiments.check.query({ spec: this.draft }, { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.check = check;
      this.checkError = null;
    } catch (error) {
      if (abort.signal.aborted || isAborted(error)) return;
      this.check = null;
      this.checkError = errorOf(error);
    }
    this.checking = false;
  }
}

/** Indented JSON with short lists on one line, as a person would write it. */
export function formatSpec(spec: unknown): string {
  const item = String.raw`(?:"[^"\\\s]*"|-?[\d.eE+-]+)`;
  const list = new RegExp(String.raw`\[\s+(${item}(?:,\s+${item})*)\s+\]`, 'g');
  return JSON.stringify(spec, null, 2).replace(list, (_, items: string) => `[${items.replace(/\s+/g, ' ')}]`);
}

function read(from: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) => (at !== null && typeof at === 'object' ? (at as Json)[key] : undefined),
      from,
    );
}

function write(into: Json, [key = '', ...rest]: string[], value: unknown): Json {
  if (rest.length === 0) return { ...into, [key]: value };
  const child = into[key];
  const object = child !== null && typeof child === 'object' && !Array.isArray(child) ? (child as Json) : {};
  return { ...into, [key]: write(object, rest, value) };
}
