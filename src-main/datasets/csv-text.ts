/** A label file's text: what it is, how it is encoded, and a stream of it that csv-parse can take. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

const SAMPLE_BYTES = 65_536;

/** How to read a CSV file: found from its first 64 KiB. */
export type CsvDialect = {
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  delimiter: ',' | ';' | '\t';
  skipLines: 0 | 1;
};

/** Recognises encoding and delimiter. Throws 'bad-input' for what is no CSV text (HTML, XLSX, LFS pointer, binary). */
export async function sniffCsv(absolute: string): Promise<CsvDialect> {
  const bytes = await readStart(absolute);
  refuseOtherTypes(bytes, absolute);
  const encoding = sniffEncoding(bytes);
  // Not fatal: the sample may end inside a character.
  const text = new TextDecoder(encoding).decode(bytes);
  if (text.trim() === '') {
    throw new StudioError('bad-input', 'The label file is empty', {
      file: absolute,
      hint: 'Copy or download it again.',
    });
  }
  if (text.includes('\0')) {
    throw new StudioError('bad-input', 'The label file is not text (it holds zero bytes)', {
      file: absolute,
      hint: 'Save it as CSV in UTF-8.',
    });
  }
  const lines = text.split(/\r\n|\r|\n/);
  const separator = /^sep=([,;\t])$/i.exec(lines[0]!.trim())?.[1];
  if (separator !== undefined) {
    return { encoding, delimiter: separator as CsvDialect['delimiter'], skipLines: 1 };
  }
  return { encoding, delimiter: sniffDelimiter(lines.find((line) => line.trim() !== '')!), skipLines: 0 };
}

/** The text of a file in chunks, without byte order mark. Throws 'bad-input' at bytes that the encoding forbids. */
export async function* decodeText(
  source: Readable,
  encoding: CsvDialect['encoding'],
  file: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of source) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new StudioError('bad-input', `The label file is not valid ${encoding.toUpperCase()}`, {
      file,
      hint: 'Save it as CSV in UTF-8.',
    });
  }
}

async function readStart(absolute: string): Promise<Buffer> {
  try {
    await using file = await open(absolute);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(SAMPLE_BYTES) });
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, absolute));
  }
}

/** Opens the file for decodeText. */
export function openText(absolute: string): Readable {
  return createReadStream(absolute, { highWaterMark: 262_144 });
}

function sniffEncoding(bytes: Buffer): CsvDialect['encoding'] {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/** The most frequent delimiter of the header line outside quotes; a comma where there is none. */
function sniffDelimiter(line: string): CsvDialect['delimiter'] {
  const unquoted = line.replace(/"(?:[^"]|"")*"/g, '');
  const count = (delimiter: string): number => unquoted.split(delimiter).length - 1;
  const delimiters: CsvDialect['delimiter'][] = [',', ';', '\t'];
  return delimiters.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function refuseOtherTypes(bytes: Buffer, file: string): void {
  const start = bytes.toString('latin1', 0, 512).replace(/^\xef\xbb\xbf/, '');
  if (/^\s*<(!doctype|html|head|body|\?xml|!--)/i.test(start)) {
    throw new StudioError('bad-input', 'The label file holds a web page (HTML), not CSV', {
      file,
      hint: 'A download page was saved instead of the file; download the label file itself.',
    });
  }
  if (start.startsWith('PK\x03\x04') || start.startsWith('\xd0\xcf\x11\xe0')) {
    throw new StudioError('bad-input', 'The label file is an Excel workbook or archive, not CSV', {
      file,
      hint: 'Open it and save it as CSV in UTF-8.',
    });
  }
  if (start.startsWith('version https://git-lfs')) {
    throw new StudioError('bad-input', 'The label file is a Git LFS pointer, not the file itself', {
      file,
      hint: 'Run "git lfs pull" in its folder.',
    });
  }
}
