import type { Chart, Plugin } from 'chart.js';

/** A dashed line across the chart at a value of an axis: the neutral gate, or zero. */
export function referenceLine(axis: 'x' | 'y', value: number, colour: string): Plugin {
  return {
    id: 'reference-line',
    afterDatasetsDraw({ ctx, scales, chartArea }: Chart) {
      const at = scales[axis]!.getPixelForValue(value);
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1;
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      if (axis === 'x') {
        ctx.moveTo(at, chartArea.top);
        ctx.lineTo(at, chartArea.bottom);
      } else {
        ctx.moveTo(chartArea.left, at);
        ctx.lineTo(chartArea.right, at);
      }
      ctx.stroke();
      ctx.restore();
    },
  };
}
