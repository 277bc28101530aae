import { defaults, type Chart, type Plugin } from 'chart.js';

/**
 * Texts at the ends of horizontal bars, outside of them, so that nothing is told by colour alone. `backing` is painted behind
 * them where a line of the chart would cross them.
 */
export function valueLabels(
  values: readonly (number | null)[],
  texts: readonly string[],
  colour: string,
  backing: string | null = null,
): Plugin {
  return {
    id: 'value-labels',
    afterDatasetsDraw(chart: Chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.font = `11px ${String(defaults.font.family)}`;
      ctx.textBaseline = 'middle';
      values.forEach((value, i) => {
        const end = value ?? 0;
        const text = texts[i] ?? '';
        const left = end < 0;
        const x = scales['x']!.getPixelForValue(end) + (left ? -5 : 5);
        const y = scales['y']!.getPixelForValue(i);
        if (backing !== null) {
          const { width } = ctx.measureText(text);
          ctx.fillStyle = backing;
          ctx.fillRect(left ? x - width : x, y - 6, width, 12);
        }
        ctx.fillStyle = colour;
        ctx.textAlign = left ? 'right' : 'left';
        ctx.fillText(text, x, y);
      });
      ctx.restore();
    },
  };
}
