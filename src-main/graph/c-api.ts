/**
 * The few functions of ONNX Runtime's C API that run a graph on memory which stays where it is. onnxruntime-node would copy every output
 * into a new buffer and describe every tensor anew for each run: a tenth of a training step.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

/** An address in native memory, or null. */
type Pointer = unknown;
type Native = (...values: unknown[]) => Pointer;
type Koffi = (typeof import('koffi'))['default'];
/** A C type as koffi spells it. */
type TypeSpec = string;

/** Values in memory that stays where it is, row-major with this shape. */
export type Place = { values: Float32Array | Float64Array; shape: readonly number[] };

const STATUS: TypeSpec = 'void *';
const HANDLE: TypeSpec = 'void *';
const NEW_HANDLE: TypeSpec = '_Out_ void **';
const LIST: TypeSpec = 'void *';
/**
 * Where a function stands in the table of the API, what it gives and what it takes. A table never changes but at its end, and these
 * are all in that of version 1.
 */
const FUNCTIONS = {
  getErrorMessage: [2, 'str', [STATUS]],
  createEnv: [3, STATUS, ['int', 'str', NEW_HANDLE]],
  createSessionFromArray: [8, STATUS, [HANDLE, LIST, 'size_t', HANDLE, NEW_HANDLE]],
  run: [9, STATUS, [HANDLE, HANDLE, LIST, LIST, 'size_t', LIST, 'size_t', LIST]],
  createSessionOptions: [10, STATUS, [NEW_HANDLE]],
  setIntraOpNumThreads: [24, STATUS, [HANDLE, 'int']],
  createTensorWithData: [49, STATUS, [HANDLE, LIST, 'size_t', LIST, 'size_t', 'int', NEW_HANDLE]],
  createCpuMemoryInfo: [69, STATUS, ['int', 'int', NEW_HANDLE]],
  releaseStatus: [93, 'void', [STATUS]],
  releaseSession: [95, 'void', [HANDLE]],
  releaseValue: [96, 'void', [HANDLE]],
  releaseSessionOptions: [100, 'void', [HANDLE]],
} as const satisfies Record<string, [position: number, result: TypeSpec, parameters: TypeSpec[]]>;
type Functions = Record<keyof typeof FUNCTIONS, Native>;

const API_VERSION = 1;
const TABLE_LENGTH = 102;
const LOG_ERRORS = 3;
const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;
/** ONNX's numbers of the element types. */
const FLOAT = 1;
const DOUBLE = 11;

/** Names with the tensors that go with them, as the API wants them: two lists of addresses, which `keep` keeps alive. */
export type NamedTensors = { names: BigUint64Array; tensors: BigUint64Array; keep: readonly unknown[] };

/** ONNX Runtime as a shared library. Every function throws Error with the runtime's message. */
export class OnnxRuntime {
  readonly #koffi: Koffi;
  readonly #call: Functions;
  readonly #env: Pointer;
  readonly #memory: Pointer;

  /** Opens the library that onnxruntime-node brings. Throws where there is none for this machine. */
  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    this.#call = functionsOf(koffi);
    // The library has one environment for all of a process; onnxruntime-node's is this one.
    this.#env = this.#make((out) => this.#call.createEnv(LOG_ERRORS, 'biqa-studio', out));
    this.#memory = this.#make((out) => this.#call.createCpuMemoryInfo(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out));
  }

  /** A session on the CPU; `threads` is the number of threads of one run. */
  openSession(model: Uint8Array, threads: number): Pointer {
    const options = this.#make((out) => this.#call.createSessionOptions(out));
    try {
      this.#check(this.#call.setIntraOpNumThreads(options, threads));
      return this.#make((out) =>
        this.#call.createSessionFromArray(this.#env, model, model.length, options, out),
      );
    } finally {
      this.#call.releaseSessionOptions(options);
    }
  }

  /** Tensors over the memory of these places. */
  nameTensors(places: Readonly<Record<string, Place>>): NamedTensors {
    const names = Object.keys(places).map((name) => Buffer.from(`${name}\0`));
    const all = Object.values(places);
    const tensors = all.map((place) => this.#koffi.address(this.#tensor(place)));
    return {
      names: BigUint64Array.from(names, (name) => this.#koffi.address(name)),
      tensors: BigUint64Array.from(tensors),
      keep: [names, all.map(({ values }) => values)],
    };
  }

  /** Runs a session: reads the inputs' memory and writes the outputs'. */
  run(session: Pointer, inputs: NamedTensors, outputs: NamedTensors): void {
    const [ins, outs] = [inputs.tensors, outputs.tensors];
    this.#check(
      this.#call.run(session, null, inputs.names, ins, ins.length, outputs.names, outs.length, outs),
    );
  }

  releaseTensors({ tensors }: NamedTensors): void {
    for (const tensor of tensors) this.#call.releaseValue(tensor);
  }

  releaseSession(session: Pointer): void {
    this.#call.releaseSession(session);
  }

  #tensor({ values, shape }: Place): Pointer {
    const axes = BigInt64Array.from(shape, BigInt);
    const type = values instanceof Float32Array ? FLOAT : DOUBLE;
    return this.#make((out) =>
      this.#call.createTensorWithData(this.#memory, values, values.byteLength, axes, axes.length, type, out),
    );
  }

  /** What a function writes into its last parameter. */
  #make(create: (out: [Pointer]) => Pointer): Pointer {
    const out: [Pointer] = [null];
    this.#check(create(out));
    return out[0];
  }

  #check(status: Pointer): void {
    if (status === null) return;
    const message = String(this.#call.getErrorMessage(status));
    this.#call.releaseStatus(status);
    throw new Error(message);
  }
}

let opened: Promise<OnnxRuntime | null> | undefined;

/** The library, opened once; null where it or the package that calls it can not be loaded on this machine. */
export function openOnnxRuntime(): Promise<OnnxRuntime | null> {
  opened ??= import('koffi').then(({ default: koffi }) => new OnnxRuntime(koffi)).catch(() => null);
  return opened;
}

function functionsOf(koffi: Koffi): Functions {
  const base = koffi.load(libraryFile()).func('OrtGetApiBase', HANDLE, [])() as Pointer;
  const [getApi] = koffi.decode(base, koffi.array(HANDLE, 2)) as [Pointer];
  const at = (pointer: Pointer, result: TypeSpec, parameters: readonly TypeSpec[]): Native =>
    koffi.decode(pointer, koffi.proto(result, [...parameters])) as Native;
  const api = at(getApi, HANDLE, ['uint32_t'])(API_VERSION);
  const table = koffi.decode(api, koffi.array(HANDLE, TABLE_LENGTH)) as Pointer[];
  const functions = Object.entries(FUNCTIONS).map(
    ([name, [position, result, parameters]]) => [name, at(table[position], result, parameters)] as const,
  );
  return Object.fromEntries(functions) as Functions;
}

function libraryFile(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const folder = path.join(main, '../../bin/napi-v6', process.platform, process.arch);
  const names: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'libonnxruntime.1.dylib',
    win32: 'onnxruntime.dll',
  };
  return path.join(folder, names[process.platform] ?? 'libonnxruntime.so.1');
}
