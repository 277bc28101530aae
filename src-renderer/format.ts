/** Numbers, times and sizes as the window writes them: fixed digits, true minus, thin-space thousands. */

const DASH = '–';
const MINUS = '−';

/** A number with fixed digits; null and non-finite values are a dash. */
export function fixed(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const text = value.toFixed(digits);
  // "-0.000" is zero to the reader.
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', MINUS);
}

/** Like fixed, with an explicit plus: +0.12, −0.30. */
export function signed(value: number | null | undefined, digits = 2): string {
  const text = fixed(value, digits);
  return text === DASH || text.startsWith(MINUS) ? text : `+${text}`;
}

/** An integer with thin-space thousands: 40 000. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace('-', MINUS)
    .replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** "1 image", "40 000 images". */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** Seconds as a person says them: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Bytes in powers of ten, as disks are sold: 512 B, 1.2 MB. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let rest = value;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${unit === 0 || rest >= 99.5 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** What a job counts: items, or bytes. */
export function amount(value: number, unit: 'items' | 'bytes'): string {
  return unit === 'bytes' ? bytes(value) : count(value);
}

/** Digits after the point that a scale needs: 1-5 wants 2, 0-100 wants 1. */
export function scaleDigits(scale: { min: number; max: number }): number {
  const span = scale.max - scale.min;
  return span <= 2 ? 3 : span <= 20 ? 2 : 1;
}

/** An ISO time as local date and minute, 2026-11-22 17:04. */
export function localTime(iso: string | null): string {
  if (iso === null) return DASH;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return DASH;
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Share of a total in whole percent, never 100 before it is complete. */
export function percent(done: number, total: number): number {
  if (total <= 0) return 0;
  return done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100));
}

/** " · 12 s left" once there is enough behind to tell (2 %), else nothing. */
export function remaining(job: { done: number; total: number; etaSeconds: number | null }): string {
  const early = job.total <= 0 || job.done / job.total < 0.02;
  return job.etaSeconds === null || early ? '' : ` · ${duration(job.etaSeconds)} left`;
}

/** "ρ = 0.330, p = 0.107 (25 types)", or that there is none. */
export function correlationText(
  correlation: { rho: number; p: number | null; n: number } | null,
  noun = 'types',
): string {
  if (correlation === null) return 'ρ is not defined here';
  const { rho, p, n } = correlation;
  const chance = p === null ? '' : p < 0.001 ? ', p < 0.001' : `, p = ${fixed(p)}`;
  return `ρ = ${fixed(rho)}${chance} (${n} ${noun})`;
}
