import { defaults, type Chart, type Plugin } from 'chart.js';

/** Texts at the ends of horizontal bars, outside of them, so that nothing is told by colour alone. */
export function valueLabels(
  values: readonly (number | null)[],
  texts: readonly string[],
  colour: string,
): Plugin {
  return {
    id: 'value-labels',
    afterDatasetsDraw(chart: Chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.fillStyle = colour;
      ctx.font = `11px ${String(defaults.font.family)}`;
      ctx.textBaseline = 'middle';
      values.forEach((value, i) => {
        const end = value ?? 0;
        const left = end < 0;
        ctx.textAlign = left ? 'right' : 'left';
        const x = scales['x']!.getPixelForValue(end) + (left ? -5 : 5);
        ctx.fillText(texts[i] ?? '', x, scales['y']!.getPixelForValue(i));
      });
      ctx.restore();
    },
  };
}
