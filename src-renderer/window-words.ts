/** A command of the command line, as hints name it -> the way to the same thing in the window. The first that fits counts. */
const WAYS: [command: RegExp, way: string][] = [
  [/, or: studio extract --dataset "[^"]*" --streams [^\s;]+/g, ''],
  [/; or import it: studio features import .*$/g, ''],
  [/studio extract --dataset "[^"]*" --streams [^\s;]+/g, 'the Streams page'],
  [/studio ladder check --run RUN --dataset NAME/g, '“Ladder” on the page of the dataset'],
  [/studio ladder check/g, '“Ladder” on the page of the dataset'],
  [/studio ladder FOLDER/g, '“Make a ladder” on the Datasets page'],
  [/studio predict/g, '“Score a folder” on the Runs page'],
  [/studio runs/g, 'the Runs page'],
  [/studio jobs cancel \d+/g, 'the list under Jobs'],
  [/studio jobs/g, 'the list under Jobs'],
  [/studio encoders add MANIFEST\.json --model FILE\.onnx/g, '“Add an encoder” on the Encoders page'],
  [/studio encoders (?:list|(?:download|verify|remove) \S*[^\s.;,])/g, 'the Encoders page'],
];

/** A hint of the engine for people who have the window and no command line: commands become the places in the window. */
export function inWindowWords(hint: string): string {
  return WAYS.reduce((text, [command, way]) => text.replace(command, way), hint);
}
