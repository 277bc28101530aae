/**
 * A canvas 2D context that writes SVG: chart.js draws on it as on a canvas, text stays text.
 * It holds what chart.js calls (paths, arcs, rectangles, text, clips, dashes, transforms), not all of the canvas API.
 */

type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number];
type State = {
  matrix: Matrix;
  clip: string | null;
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  lineDashOffset: number;
  dash: number[];
  globalAlpha: number;
  font: string;
  textAlign: string;
  textBaseline: string;
};

/** Width in pixels of a text in a CSS font. */
export type MeasureText = (text: string, font: string) => { width: number };

const INITIAL: State = {
  matrix: [1, 0, 0, 1, 0, 0],
  clip: null,
  fillStyle: '#000000',
  strokeStyle: '#000000',
  lineWidth: 1,
  lineCap: 'butt',
  lineJoin: 'miter',
  lineDashOffset: 0,
  dash: [],
  globalAlpha: 1,
  font: '10px sans-serif',
  textAlign: 'start',
  textBaseline: 'alphabetic',
};

/** Records drawing calls; toString() gives the SVG document. */
export class SvgContext {
  readonly canvas: { width: number; height: number; getContext: () => SvgContext };
  #state: State = { ...INITIAL };
  #stack: State[] = [];
  #path: string[] = [];
  #clips: string[] = [];
  #body: string[] = [];
  #measure: MeasureText;

  constructor(width: number, height: number, measure: MeasureText) {
    this.canvas = { width, height, getContext: () => this };
    this.#measure = measure;
  }

  get fillStyle(): string {
    return this.#state.fillStyle;
  }
  set fillStyle(value: string) {
    this.#state.fillStyle = value;
  }
  get strokeStyle(): string {
    return this.#state.strokeStyle;
  }
  set strokeStyle(value: string) {
    this.#state.strokeStyle = value;
  }
  get lineWidth(): number {
    return this.#state.lineWidth;
  }
  set lineWidth(value: number) {
    this.#state.lineWidth = value;
  }
  get lineCap(): string {
    return this.#state.lineCap;
  }
  set lineCap(value: string) {
    this.#state.lineCap = value;
  }
  get lineJoin(): string {
    return this.#state.lineJoin;
  }
  set lineJoin(value: string) {
    this.#state.lineJoin = value;
  }
  get lineDashOffset(): number {
    return this.#state.lineDashOffset;
  }
  set lineDashOffset(value: number) {
    this.#state.lineDashOffset = value;
  }
  get globalAlpha(): number {
    return this.#state.globalAlpha;
  }
  set globalAlpha(value: number) {
    this.#state.globalAlpha = value;
  }
  get font(): string {
    return this.#state.font;
  }
  set font(value: string) {
    this.#state.font = value;
  }
  get textAlign(): string {
    return this.#state.textAlign;
  }
  set textAlign(value: string) {
    this.#state.textAlign = value;
  }
  get textBaseline(): string {
    return this.#state.textBaseline;
  }
  set textBaseline(value: string) {
    this.#state.textBaseline = value;
  }

  save(): void {
    this.#stack.push({ ...this.#state, matrix: [...this.#state.matrix], dash: [...this.#state.dash] });
  }
  restore(): void {
    this.#state = this.#stack.pop() ?? this.#state;
  }

  translate(x: number, y: number): void {
    this.#multiply([1, 0, 0, 1, x, y]);
  }
  scale(x: number, y: number): void {
    this.#multiply([x, 0, 0, y, 0, 0]);
  }
  rotate(angle: number): void {
    this.#multiply([Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0]);
  }
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.#state.matrix = [a, b, c, d, e, f];
  }
  resetTransform(): void {
    this.#state.matrix = [1, 0, 0, 1, 0, 0];
  }

  setLineDash(dash: number[]): void {
    this.#state.dash = dash;
  }
  getLineDash(): number[] {
    return this.#state.dash;
  }

  beginPath(): void {
    this.#path = [];
  }
  closePath(): void {
    if (this.#path.length > 0) this.#path.push('Z');
  }
  moveTo(x: number, y: number): void {
    this.#path.push(`M${this.#point(x, y)}`);
  }
  lineTo(x: number, y: number): void {
    this.#path.push(`${this.#path.length === 0 ? 'M' : 'L'}${this.#point(x, y)}`);
  }
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path.push(`C${this.#point(x1, y1)} ${this.#point(x2, y2)} ${this.#point(x, y)}`);
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }
  /** Circular arcs under rotations and even scalings, which is all that chart.js asks for. */
  arc(x: number, y: number, radius: number, start: number, end: number, counterclockwise = false): void {
    const at = (angle: number): [number, number] => [
      x + radius * Math.cos(angle),
      y + radius * Math.sin(angle),
    ];
    const turn = 2 * Math.PI;
    let sweep = counterclockwise ? start - end : end - start;
    sweep = sweep >= turn ? turn : ((sweep % turn) + turn) % turn;
    const signed = counterclockwise ? -sweep : sweep;
    const [a, b] = this.#state.matrix;
    const r = round(radius * Math.hypot(a, b));
    const flag = counterclockwise ? 0 : 1;
    this.lineTo(...at(start));
    // Two halves: an SVG arc cannot close a circle in one piece.
    for (const part of [0.5, 1]) {
      this.#path.push(`A${r} ${r} 0 0 ${flag} ${this.#point(...at(start + signed * part))}`);
    }
  }

  fill(): void {
    this.#draw(this.#path.join(''), `${paint('fill', this.fillStyle, this.globalAlpha)}`);
  }
  /** chart.js hands lines over as a Path2D, which cannot be read back, unless they have the option `segment`. */
  stroke(path?: object): void {
    if (path !== undefined) throw new TypeError('A Path2D cannot be written as SVG');
    this.#draw(this.#path.join(''), `fill="none" ${this.#strokeAttributes()}`);
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.#withPath(
      () => this.rect(x, y, width, height),
      () => this.fill(),
    );
  }
  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#withPath(
      () => this.rect(x, y, width, height),
      () => this.stroke(),
    );
  }
  /** chart.js clears once before it draws; on a fresh document there is nothing to clear. */
  clearRect(): void {
    this.#body = [];
  }
  clip(): void {
    const id = `clip${this.#clips.length + 1}`;
    const outer = this.#state.clip === null ? '' : ` clip-path="url(#${this.#state.clip})"`;
    this.#clips.push(`<clipPath id="${id}"${outer}><path d="${this.#path.join('')}"/></clipPath>`);
    this.#state.clip = id;
  }

  measureText(text: string): { width: number } {
    return this.#measure(text, this.font);
  }
  fillText(text: string, x: number, y: number): void {
    this.#text(text, x, y, paint('fill', this.fillStyle, this.globalAlpha));
  }
  strokeText(text: string, x: number, y: number): void {
    this.#text(text, x, y, `fill="none" ${this.#strokeAttributes()}`);
  }

  /** The whole document. `background` paints the page first; null leaves it clear. */
  toString(background: string | null = null): string {
    const { width, height } = this.canvas;
    const page =
      background === null
        ? ''
        : `<rect width="${width}" height="${height}" ${paint('fill', background, 1)}/>\n`;
    const defs = this.#clips.length === 0 ? '' : `<defs>${this.#clips.join('')}</defs>\n`;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n${defs}${page}${this.#body.join('\n')}\n</svg>\n`;
  }

  #text(text: string, x: number, y: number, attributes: string): void {
    const [, style, weight, size, family] =
      /^(?:(normal|italic|oblique) )?(?:(normal|bold|bolder|lighter|\d{3}) )?([\d.]+)px (.+)$/.exec(
        this.font,
      ) ?? [];
    const pixels = Number(size ?? 10);
    const anchor = { center: 'middle', right: 'end', end: 'end' }[this.textAlign] ?? 'start';
    // Baselines by offset: dominant-baseline is read differently by every drawing program.
    const shift = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.2 }[this.textBaseline] ?? 0;
    const [a, b, c, d] = this.#state.matrix;
    const [tx, ty] = this.#transform(x, y + shift * pixels);
    const plainMatrix = a === 1 && b === 0 && c === 0 && d === 1;
    const place = plainMatrix
      ? `x="${round(tx)}" y="${round(ty)}"`
      : `transform="matrix(${[a, b, c, d, tx, ty].map(round).join(' ')})"`;
    this.#body.push(
      `<text ${place} font-family="${escapeXml(family ?? 'sans-serif')}" font-size="${pixels}"` +
        (weight === undefined || weight === 'normal' ? '' : ` font-weight="${weight}"`) +
        (style === undefined || style === 'normal' ? '' : ` font-style="${style}"`) +
        ` text-anchor="${anchor}" ${attributes}${this.#clipAttribute()}>${escapeXml(text)}</text>`,
    );
  }

  #draw(path: string, attributes: string): void {
    if (path !== '') this.#body.push(`<path d="${path}" ${attributes}${this.#clipAttribute()}/>`);
  }

  #withPath(shape: () => void, draw: () => void): void {
    const kept = this.#path;
    this.#path = [];
    shape();
    draw();
    this.#path = kept;
  }

  #strokeAttributes(): string {
    const { lineWidth, lineCap, lineJoin, dash, lineDashOffset, matrix } = this.#state;
    const scale = Math.hypot(matrix[0], matrix[1]);
    return (
      `${paint('stroke', this.strokeStyle, this.globalAlpha)} stroke-width="${round(lineWidth * scale)}"` +
      (lineCap === 'butt' ? '' : ` stroke-linecap="${lineCap}"`) +
      (lineJoin === 'miter' ? '' : ` stroke-linejoin="${lineJoin}"`) +
      (dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}" stroke-dashoffset="${lineDashOffset}"`)
    );
  }

  #clipAttribute(): string {
    return this.#state.clip === null ? '' : ` clip-path="url(#${this.#state.clip})"`;
  }

  #multiply([a, b, c, d, e, f]: Matrix): void {
    const [A, B, C, D, E, F] = this.#state.matrix;
    this.#state.matrix = [
      A * a + C * b,
      B * a + D * b,
      A * c + C * d,
      B * c + D * d,
      A * e + C * f + E,
      B * e + D * f + F,
    ];
  }

  #transform(x: number, y: number): [number, number] {
    const [a, b, c, d, e, f] = this.#state.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  #point(x: number, y: number): string {
    return this.#transform(x, y).map(round).join(' ');
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Colours with alpha become colour + opacity, which older SVG readers need. */
function paint(kind: 'fill' | 'stroke', color: string, alpha: number): string {
  let base = color;
  let opacity = alpha;
  const hex = /^#([\da-f]{6})([\da-f]{2})$/i.exec(color);
  const rgba = /^rgba?\(([^)]+)\)$/.exec(color);
  if (hex !== null) {
    base = `#${hex[1]}`;
    opacity *= parseInt(hex[2]!, 16) / 255;
  } else if (rgba !== null) {
    const [r, g, b, a] = rgba[1]!.split(/[\s,/]+/).map(Number);
    base = `rgb(${r},${g},${b})`;
    opacity *= a ?? 1;
  }
  return opacity === 1 ? `${kind}="${base}"` : `${kind}="${base}" ${kind}-opacity="${round(opacity)}"`;
}

function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (char) => names[char]!);
}
