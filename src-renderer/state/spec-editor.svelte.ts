import { api, errorOf, isAborted } from '../api.ts';
import type { ErrorShape, FieldError } from '../../src-shared/errors.ts';
import type { Preset } from '../../src-shared/spec-defaults.ts';
import { lineOf, lineOfSyntaxError, linesOf } from '../json-lines.ts';
import {
  defaultAt,
  formatSpec,
  parseDraft,
  presetOf,
  protocolKindOf,
  readAt,
  removeAt,
  withPreset,
  writeAt,
  type Json,
} from '../spec-draft.ts';

/** What the engine says a spec would run. */
export type SpecCheck = Awaited<ReturnType<typeof api.experiments.check.query>>;
/** An error with its line in the JSON text, where that is known. */
export type LineError = FieldError & { line: number | null };

/** What a spec was filled with: a template (null: none) for these datasets, by one preset. */
export type Filling = { template: string | null; train: number; test: number | null; preset: Preset };
/** What undo goes back to. */
type Step = { text: string; draft: Json | null; loaded: Json | null; filling: Filling | null };
const MAX_STEPS = 100;

/** One experiment spec under two views, form and JSON text; the engine says what it would run. */
export class SpecEditor {
  text = $state('');
  /** The text as an object; null while it is not valid JSON. */
  draft = $state.raw<Json | null>(null);
  syntaxError = $state<string | null>(null);
  filling = $state.raw<Filling | null>(null);
  check = $state.raw<SpecCheck | null>(null);
  checkError = $state.raw<ErrorShape | null>(null);
  checking = $state(false);
  /** What is wrong, by line of the text. */
  problems = $derived.by((): LineError[] => {
    if (this.syntaxError !== null) {
      const line = lineOfSyntaxError(this.syntaxError, this.text);
      return [{ path: '', message: this.syntaxError, line }];
    }
    const fields = this.checkError?.fields ?? [];
    if (fields.length === 0) return [];
    const lines = linesOf(this.text);
    return fields.map((field) => ({ ...field, line: lineOf(lines, field.path) }));
  });
  preset = $derived(presetOf(this.draft));
  protocol = $derived(protocolKindOf(this.draft));
  /** The datasets by name; "dataset" is an alias of "train". */
  train = $derived(readAt(this.draft, 'train') ?? readAt(this.draft, 'dataset'));
  test = $derived(readAt(this.draft, 'test'));
  /** The streams of the base, less what is no text. */
  streams = $derived.by((): string[] => {
    const streams = readAt(this.draft, 'streams');
    return Array.isArray(streams) ? streams.filter((id): id is string => typeof id === 'string') : [];
  });
  #loaded = $state.raw<Json | null>(null);
  #past = $state.raw<Step[]>([]);
  /** The field that is being typed into: all keys together are one step. */
  #typing: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  /** Nothing was changed since the last load. */
  get untouched(): boolean {
    return this.draft === this.#loaded;
  }

  /** Replaces the whole spec; its name comes first, where a person looks for it. */
  load(spec: object, filling: Filling | null): void {
    this.#keepStep(null);
    const { version, name, ...rest } = structuredClone(spec) as Json;
    const draft = { version, name, ...rest };
    this.#loaded = draft;
    this.filling = filling;
    this.#show(draft);
  }

  /** There is something to undo. */
  get changed(): boolean {
    return this.#past.length > 0;
  }

  /** Takes the last change back, of the form, of the JSON, or of all of it by a template. */
  undo(): void {
    const step = this.#past.at(-1);
    if (step === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#typing = null;
    this.#loaded = step.loaded;
    this.filling = step.filling;
    if (step.draft === null) this.#read(step.text);
    else this.#show(step.draft, step.text);
  }

  /** The person typed into the JSON. */
  setText(text: string): void {
    this.#keepStep('json');
    this.#read(text);
  }

  #read(text: string): void {
    this.text = text;
    try {
      this.draft = parseDraft(text);
      this.syntaxError = null;
      this.#checkSoon();
    } catch (error) {
      clearTimeout(this.#timer);
      this.#abort.abort();
      this.checking = false;
      this.draft = null;
      this.check = null;
      this.syntaxError = error instanceof Error ? error.message : String(error);
    }
  }

  /** A field by its path ("training.lr"): the draft's own value, else what the engine fills in. */
  get(path: string): unknown {
    const own = readAt(this.draft, path);
    return own === undefined ? defaultAt(this.draft, path) : own;
  }

  /** What is wrong with a field or with something in it; null where nothing is. */
  errorAt(path: string): string | null {
    const within = (field: string): boolean => field === path || field.startsWith(`${path}.`);
    const own = (this.checkError?.fields ?? []).filter((f) => within(f.path)).map((f) => f.message);
    return own.length === 0 ? null : own.filter((message, i) => own.indexOf(message) === i).join('; ');
  }

  /**
   * The person changed a field of the form; undefined takes it out, so that the default counts. `typing`: the field that is being
   * typed into, key by key; for undo that is one change.
   */
  set(path: string, value: unknown, typing: string | null = null): void {
    if (this.draft === null) return;
    this.#keepStep(typing);
    this.#show(value === undefined ? removeAt(this.draft, path) : writeAt(this.draft, path, value));
  }

  setPreset(preset: Preset): void {
    if (this.draft === null) return;
    this.change(withPreset(this.draft, preset), this.filling === null ? null : { ...this.filling, preset });
  }

  /** Another draft, made from the present one; with it another filling, where datasets or preset are others. */
  change(draft: Json, filling: Filling | null = this.filling): void {
    this.#keepStep(null);
    this.filling = filling;
    this.#show(draft);
  }

  #show(draft: Json, text: string = formatSpec(draft)): void {
    this.draft = draft;
    this.text = text;
    this.syntaxError = null;
    this.#checkSoon();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  /** Remembers the spec as it is, before a change; the keys that are typed into one field change it once. */
  #keepStep(typing: string | null): void {
    const goesOn = typing !== null && typing === this.#typing;
    this.#typing = typing;
    if (goesOn || this.text === '') return;
    const { text, draft, filling } = this;
    this.#past = [...this.#past.slice(1 - MAX_STEPS), { text, draft, loaded: this.#loaded, filling }];
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
