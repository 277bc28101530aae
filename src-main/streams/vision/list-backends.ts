/** A program: prints the providers of ONNX Runtime as JSON. A process of its own, as all that loads the runtime. */
import { listSupportedBackends } from 'onnxruntime-node';

process.stdout.write(JSON.stringify(listSupportedBackends().map(({ name }) => name)));
