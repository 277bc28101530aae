/** Charts as files for a paper: drawn again in the light palette at a fixed size, with their provenance below. */
import { BasicPlatform, Chart, type ChartConfiguration } from 'chart.js';
import { PALETTES, type Palette } from './palette.ts';
import { SvgContext } from './svg-context.ts';

/** A chart to be drawn outside the page. */
export type Figure = {
  config: (palette: Palette) => ChartConfiguration;
  title: string;
  /** Where the numbers come from. */
  provenance: string;
  /** Size in CSS pixels. */
  width: number;
  height: number;
};

/** Named fonts: what is measured here must be what another program shows. */
const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";
const FOOT = 34;
const PNG_SCALE = 3;

/** The figure as an SVG document whose text is text. */
export function figureToSvg(figure: Figure): string {
  const measuring = document.createElement('canvas').getContext('2d')!;
  const context = new SvgContext(figure.width, figure.height + FOOT, (text, font) => {
    measuring.font = font;
    return measuring.measureText(text);
  });
  const chart = drawFigure(figure, context as unknown as CanvasRenderingContext2D, 1);
  const svg = context.toString(PALETTES.light.background);
  chart.destroy();
  return svg;
}

/** The figure as a PNG at three pixels per CSS pixel. */
export async function figureToPng(figure: Figure): Promise<Blob> {
  const drawing = document.createElement('canvas');
  drawing.width = figure.width;
  drawing.height = figure.height + FOOT;
  const chart = drawFigure(figure, drawing.getContext('2d')!, PNG_SCALE);
  const page = document.createElement('canvas');
  page.width = drawing.width;
  page.height = drawing.height;
  const context = page.getContext('2d')!;
  context.fillStyle = PALETTES.light.background;
  context.fillRect(0, 0, page.width, page.height);
  context.drawImage(drawing, 0, 0);
  chart.destroy();
  return new Promise((resolve, reject) => {
    page.toBlob((blob) => (blob === null ? reject(new Error('The PNG could not be made.')) : resolve(blob)));
  });
}

/** The chart is destroyed by the caller, once its pixels are taken: that clears the canvas. */
function drawFigure(figure: Figure, context: CanvasRenderingContext2D, scale: number): Chart {
  const { muted, text } = PALETTES.light;
  const config = figure.config(PALETTES.light);
  // Axes and legends take their font from the defaults only.
  const screenFont = Chart.defaults.font.family;
  Chart.defaults.font.family = FONT;
  const chart = new Chart(context, {
    ...config,
    // `segment` makes chart.js stroke lines on the context itself, where the SVG can see them.
    data: { ...config.data, datasets: config.data.datasets.map((dataset) => ({ ...dataset, segment: {} })) },
    platform: BasicPlatform,
    options: {
      ...config.options,
      responsive: false,
      animation: false,
      devicePixelRatio: scale,
      layout: { padding: { top: 4, right: 36, bottom: FOOT, left: 8 } },
      plugins: {
        ...config.options?.plugins,
        title: { display: true, text: figure.title, color: text, font: { size: 13, weight: 'bold' } },
      },
    },
  } as ChartConfiguration);
  if (screenFont !== undefined) Chart.defaults.font.family = screenFont;
  context.fillStyle = muted;
  context.font = `9px ${FONT}`;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  const lines = wrap(figure.provenance, (line) => context.measureText(line).width <= figure.width - 16);
  lines.slice(0, 2).forEach((line, i) => context.fillText(line, 8, figure.height + FOOT - 18 + i * 12));
  return chart;
}

/** Breaks the provenance between its parts. */
function wrap(text: string, fits: (line: string) => boolean): string[] {
  return text.split(' · ').reduce<string[]>((lines, part) => {
    const longer = lines.length === 0 ? part : `${lines.at(-1)} · ${part}`;
    return fits(longer) ? [...lines.slice(0, -1), longer] : [...lines, part];
  }, []);
}
