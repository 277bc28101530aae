import {
  BarController,
  BarElement,
  BasicPlatform,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
} from 'chart.js';
import { describe, expect, it } from 'vitest';
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';
import { mergeCurves } from '../../src-renderer/charts/merge-curves.ts';
import { PALETTES } from '../../src-renderer/charts/palette.ts';
import { bandOf, perDistortionChart, sortAscending } from '../../src-renderer/charts/per-distortion.ts';
import { SvgContext } from '../../src-renderer/charts/svg-context.ts';

Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale);
const measure = (text: string) => ({ width: text.length * 6 });

describe('per-distortion chart', () => {
  it('has the bands of figure 2, borders included', () => {
    expect([0.95, 0.9499, 0.85, 0.8499, -1].map(bandOf)).toEqual(['good', 'middle', 'middle', 'bad', 'bad']);
  });

  it('sorts ascending, undefined last, without touching its input', () => {
    const rows = [0.9, null, 0.3].map((srocc, i) => ({ type: String(i), name: String(i), n: 5, srocc }));
    expect(sortAscending(rows).map((row) => row.srocc)).toEqual([0.3, 0.9, null]);
    expect(rows[0]?.srocc).toBe(0.9);
  });
});

describe('residual bins', () => {
  it('are symmetric about zero and hold every value once', () => {
    const residuals = [-2, -1.9, 0, 0.01, 1, 1.5];
    const bins = symmetricBins(residuals, 31);
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(residuals.length);
    expect(bins[0]?.from).toBe(-2);
    expect(bins.at(-1)?.to).toBeCloseTo(2, 12);
    expect(bins[15]!.from).toBeCloseTo(-bins[15]!.to, 12);
    expect(bins[15]?.count).toBe(2);
  });

  it('do not fail without any or with only zero residuals', () => {
    expect(symmetricBins([]).every((bin) => bin.count === 0)).toBe(true);
    expect(symmetricBins([0, 0])[15]?.count).toBe(2);
  });
});

describe('curves', () => {
  it('join what was stored with what was heard, each epoch once and in order', () => {
    const point = (epoch: number, loss: number) => ({ epoch, loss, lr: 1 });
    const merged = mergeCurves(
      [{ fold: 0, epochs: [point(1, 9), point(2, 8)] }],
      [
        { fold: 1, epochs: [point(1, 5)] },
        { fold: 0, epochs: [point(4, 6), point(2, 7)] },
      ],
    );
    expect(merged).toEqual([
      { fold: 0, epochs: [point(1, 9), point(2, 7), point(4, 6)] },
      { fold: 1, epochs: [point(1, 5)] },
    ]);
  });
});

describe('SVG context', () => {
  it('draws a chart.js chart with text as text', () => {
    const rows = sortAscending([
      { type: '01', name: 'Blur & <co>', n: 100, srocc: 0.97 },
      { type: '10', name: 'JPEG', n: 100, srocc: 0.5 },
    ]);
    const context = new SvgContext(600, 200, measure);
    const config = perDistortionChart(rows, PALETTES.light);
    const chart = new Chart(context as unknown as ConstructorParameters<typeof Chart>[0], {
      ...config,
      platform: BasicPlatform,
      options: { ...config.options, responsive: false, animation: false, devicePixelRatio: 1 },
    });
    const svg = context.toString('#ffffff');
    chart.destroy();
    expect(svg).toMatch(/>Blur &amp; &lt;co&gt; \(01\)<\/text>/);
    expect(svg).toMatch(/>0\.500<\/text>/);
    expect(svg).toContain(`fill="${PALETTES.light.good}"`);
    expect(svg).toContain(`fill="${PALETTES.light.bad}"`);
    expect(svg).not.toContain('NaN');
    expect(svg).not.toContain('undefined');
  });

  it('keeps transforms, dashes and alpha', () => {
    const context = new SvgContext(100, 100, measure);
    context.save();
    context.translate(10, 20);
    context.rotate(Math.PI / 2);
    context.strokeStyle = '#0b63b080';
    context.lineWidth = 2;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(5, 0);
    context.stroke();
    context.restore();
    context.fillStyle = 'rgba(1, 2, 3, 0.5)';
    context.fillRect(0, 0, 10, 10);
    const svg = context.toString();
    expect(svg).toContain(
      '<path d="M10 20L10 25" fill="none" stroke="#0b63b0" stroke-opacity="0.502" stroke-width="2" stroke-dasharray="4 4" stroke-dashoffset="0"/>',
    );
    expect(svg).toContain('<path d="M0 0L10 0L10 10L0 10Z" fill="rgb(1,2,3)" fill-opacity="0.5"/>');
  });

  it('reads fonts as chart.js writes them', () => {
    const context = new SvgContext(100, 100, measure);
    context.font = "normal bold 13px Helvetica, 'Segoe UI'";
    context.fillText('bold', 0, 0);
    context.font = 'italic 9px serif';
    context.fillText('italic', 0, 0);
    expect(context.toString()).toContain(
      `font-family="Helvetica, 'Segoe UI'" font-size="13" font-weight="bold" text-anchor="start"`,
    );
    expect(context.toString()).toContain('font-family="serif" font-size="9" font-style="italic"');
  });

  it('refuses what it could not write', () => {
    expect(() => new SvgContext(1, 1, measure).stroke({})).toThrow(TypeError);
  });

  it('closes a full circle', () => {
    const context = new SvgContext(10, 10, measure);
    context.beginPath();
    context.arc(5, 5, 2, 0, 2 * Math.PI);
    context.fill();
    expect(context.toString()).toContain('d="M7 5A2 2 0 0 1 3 5A2 2 0 0 1 7 5"');
  });

  it('clips inside the clip around it', () => {
    const context = new SvgContext(10, 10, measure);
    for (const size of [8, 4]) {
      context.beginPath();
      context.rect(0, 0, size, size);
      context.clip();
    }
    context.fillRect(0, 0, 10, 10);
    expect(context.toString()).toContain('<clipPath id="clip2" clip-path="url(#clip1)">');
    expect(context.toString()).toContain('clip-path="url(#clip2)"/>');
  });
});
