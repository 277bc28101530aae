/**
 * The few functions of ONNX Runtime's C API that run a graph on memory which stays where it is. onnxruntime-node would copy every output
 * into a new buffer and describe every tensor anew for each run: a tenth of a training step.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

/** An address in native memory. */
type Pointer = bigint | null;
type Native = (...values: unknown[]) => unknown;
type Koffi = (typeof import('koffi'))['default'];
type Library = ReturnType<Koffi['load']>;
/** A C type as koffi spells it. */
type TypeSpec = string;

/** Values in memory that stays where it is, row-major with this shape. */
export type Place = { values: Float32Array | Float64Array; shape: readonly number[] };

// All of them addresses, named after what lies there. A status is null where all went well.
const STATUS: TypeSpec = 'void *';
const HANDLE: TypeSpec = 'void *';
const NEW_HANDLE: TypeSpec = '_Out_ void **';
const VALUES: TypeSpec = 'void *';
/**
 * Where a function stands in the table of the API, what it gives and what it takes. A table never changes but at its end, and these
 * are all in that of version 1.
 */
const FUNCTIONS = {
  getErrorMessage: [2, 'str', [STATUS]],
  createEnv: [3, STATUS, ['int', 'str', NEW_HANDLE]],
  createSessionFromArray: [8, STATUS, [HANDLE, VALUES, 'size_t', HANDLE, NEW_HANDLE]],
  run: [9, STATUS, [HANDLE, HANDLE, VALUES, VALUES, 'size_t', VALUES, 'size_t', VALUES]],
  createSessionOptions: [10, STATUS, [NEW_HANDLE]],
  setIntraOpNumThreads: [24, STATUS, [HANDLE, 'int']],
  createTensorWithData: [49, STATUS, [HANDLE, VALUES, 'size_t', VALUES, 'size_t', 'int', NEW_HANDLE]],
  createCpuMemoryInfo: [69, STATUS, ['int', 'int', NEW_HANDLE]],
  releaseStatus: [93, 'void', [STATUS]],
  releaseSession: [95, 'void', [HANDLE]],
  releaseValue: [96, 'void', [HANDLE]],
  releaseSessionOptions: [100, 'void', [HANDLE]],
} as const satisfies Record<string, [position: number, result: TypeSpec, parameters: TypeSpec[]]>;
type Functions = Record<keyof typeof FUNCTIONS, Native>;

const API_VERSION = 1;
const TABLE_LENGTH = 1 + Math.max(...Object.values(FUNCTIONS).map(([position]) => position));
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
  /** Kept, because koffi unloads a library that nobody holds, functions or not. */
  readonly #library: Library;
  readonly #call: Functions;
  readonly #env: Pointer;
  readonly #memory: Pointer;

  /** `library`: that of onnxruntime-node. */
  constructor(koffi: Koffi, library: Library) {
    this.#koffi = koffi;
    this.#library = library;
    this.#call = functionsOf(koffi, this.#library);
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

  /** Tensors over the memory of these places; all of them or, where one can not be made, none. */
  nameTensors(places: Readonly<Record<string, Place>>): NamedTensors {
    const names = Object.keys(places).map((name) => Buffer.from(`${name}\0`));
    const all = Object.values(places);
    const tensors = new BigUint64Array(all.length);
    try {
      all.forEach((place, i) => (tensors[i] = this.#tensor(place)!));
    } catch (error) {
      this.releaseTensors({ tensors });
      throw error;
    }
    return {
      names: BigUint64Array.from(names, (name) => this.#koffi.address(name)),
      tensors,
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

  /** Frees them, not the memory that they lie over. */
  releaseTensors({ tensors }: Pick<NamedTensors, 'tensors'>): void {
    for (const tensor of tensors) this.#call.releaseValue(tensor);
  }

  /** Frees a session, which must not be run any more. */
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
  #make(create: (out: [Pointer]) => unknown): Pointer {
    const out: [Pointer] = [null];
    this.#check(create(out));
    return out[0];
  }

  #check(status: unknown): void {
    if (status === null) return;
    const message = String(this.#call.getErrorMessage(status));
    this.#call.releaseStatus(status);
    throw new Error(message);
  }
}

let loaded: Promise<OnnxRuntime | null> | undefined;

/** The library, loaded once; null where it, or the package that calls it, can not be loaded on this machine. */
export function loadOnnxRuntime(): Promise<OnnxRuntime | null> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<OnnxRuntime | null> {
  let found: [Koffi, Library];
  try {
    const { default: koffi } = await import('koffi');
    found = [koffi, koffi.load(libraryFile())];
  } catch {
    return null;
  }
  return new OnnxRuntime(...found);
}

function functionsOf(koffi: Koffi, library: Library): Functions {
  const at = (pointer: unknown, result: TypeSpec, parameters: readonly TypeSpec[]): Native =>
    koffi.decode(pointer, koffi.proto(result, [...parameters])) as Native;
  const base = (library.func('OrtGetApiBase', HANDLE, []) as Native)();
  const [getApi] = koffi.decode(base, koffi.array(HANDLE, 1)) as [Pointer];
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
