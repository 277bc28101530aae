import { errorOf } from '../api.ts';
import { inWindowWords } from '../window-words.ts';

/** One short message. */
export type Notice = { id: number; text: string; kind: 'done' | 'error' };

/** Short messages at the foot of the window ("Copied"), read out by screen readers. */
export class Notices {
  list = $state.raw<Notice[]>([]);
  #next = 1;

  done(text: string): void {
    this.#add(text, 'done', 3000);
  }

  /** Shows what went wrong and what to do. */
  failed(error: unknown): void {
    const shape = errorOf(error);
    this.#add([shape.message, inWindowWords(shape.hint ?? '')].filter(Boolean).join(' '), 'error', 12_000);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(text: string, kind: Notice['kind'], milliseconds: number): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, text, kind }];
    setTimeout(() => this.dismiss(id), milliseconds);
  }
}
