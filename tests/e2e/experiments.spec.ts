// The Experiments page against the mock engine: templates, every protocol, ablation rows, JSON beside the form.
import { expect, type Locator, type Page } from '@playwright/test';
import { NOTHING, open, shoot, test as mockTest } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

/** With every feature that an experiment may ask for. */
const test = mockTest.extend({
  mock: async ({ mock }, use) => {
    mock.catalog.finishExtractions();
    await use(mock);
  },
});
test.use({ mockOptions: { images: 1162 } });

const jsonOf = (page: Page): Locator => page.getByRole('textbox', { name: 'The same as JSON' });
const specOf = async (page: Page): Promise<Record<string, unknown>> =>
  JSON.parse(await jsonOf(page).inputValue()) as Record<string, unknown>;
const runButton = (page: Page): Locator => page.getByRole('button', { name: 'Run the experiment' });

for (const theme of ['light', 'dark'] as const) {
  test(`a template is chosen, changed, run and read, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    );
    await page.emulateMedia({ colorScheme: theme });
    await open(page, mock, '#/experiments');
    const cards = page.getByRole('listitem').filter({ hasText: 'In the paper' });
    await expect(cards).toHaveCount(9);
    const table3 = cards.filter({ hasText: 'Table 3' });
    await expect(table3).toContainText('does DINOv2 help?');
    await expect(table3).toContainText('Features of a DINOv2 encoder');
    await expect(table3.getByRole('link', { name: 'Get an encoder' })).toHaveAttribute('href', '#/encoders');
    await checkWithAxe(page, `templates (${theme})`, findings);
    await shoot(page, `experiments-templates-${theme}`);

    await cards.filter({ hasText: 'Table 5 (iii)' }).getByRole('button').click();
    await expect(page).toHaveURL(/template=table-5-iii&dataset=1&test=2$/);
    await expect(page.getByRole('combobox', { name: 'Protocol' })).toHaveValue('finetune');
    await expect(page.getByLabel('Test on')).toHaveValue('2');
    await expect(page.getByRole('textbox', { name: 'seeds of the members' })).toHaveValue('42, 123, 456');
    await page.getByRole('radio', { name: 'paper' }).check();
    await expect(page).toHaveURL(/preset=paper$/);
    await expect(jsonOf(page)).toHaveValue(/"preset": "paper"/);
    await page.locator('summary', { hasText: 'Templates' }).press('Enter');

    const ablation = page.getByRole('region', { name: 'Ablation', exact: true });
    const rows = Number(((await specOf(page))['ablation'] as unknown[] | undefined)?.length);
    await expect(ablation.getByRole('row')).toHaveCount(rows + 1);
    await ablation.getByRole('button', { name: 'Duplicate row 1' }).click();
    await expect(ablation.getByRole('row')).toHaveCount(rows + 2);
    await expect(page.getByText('changed', { exact: true })).toBeVisible();
    await ablation.getByRole('combobox', { name: 'gates of row 2' }).selectOption('default stream');
    await ablation.getByRole('textbox', { name: 'label of row 2' }).fill('gated');
    expect(((await specOf(page))['ablation'] as unknown[])[1]).toMatchObject({
      label: 'gated',
      fusion: { gate: 'default' },
    });
    await expect(page.getByRole('region', { name: 'What will run' })).toContainText(`${rows + 1} runs`);
    await checkWithAxe(page, `finetune (${theme})`, findings);
    await shoot(page, `experiments-finetune-${theme}`);

    await runButton(page).click();
    const queue = page.getByRole('region', { name: 'Queue' });
    await expect(queue).toContainText('Table 5 (iii)');
    await expect(queue.getByRole('button', { name: 'Cancel' })).toBeVisible();
    await expect(page.locator('canvas[aria-label*="5 folds of gated"]')).toBeVisible();
    await checkWithAxe(page, `training (${theme})`, findings);
    await shoot(page, `experiments-training-${theme}`);
    await page.getByRole('region', { name: 'Past and running' }).getByRole('link', { name: 'gated' }).click();
    await expect(page.getByLabel('Headline numbers')).toContainText('images tested');
    await expect(page.getByRole('heading', { level: 1, name: 'gated' })).toBeVisible();
    await expect(page.getByRole('main')).toContainText('trained on biqa-demo');
    // Said once, with the way to that dataset.
    await expect(page.getByText(/^\s*run \d+ on live-itw/)).not.toHaveText(/trained on.*trained on/s);
    await expect(page.getByRole('main').getByRole('link', { name: 'biqa-demo', exact: true })).toBeVisible();
    await checkWithAxe(page, `finetuned run (${theme})`, findings);
    await shoot(page, `run-finetune-${theme}`);
    expect(findings).toEqual(NOTHING);
  });
}

test('the address brings template, datasets and preset back', async ({ page, mock }) => {
  await open(page, mock, '#/experiments?template=table-5-i&dataset=2&test=1&preset=paper');
  await expect(jsonOf(page)).toHaveValue(/"kind": "cross"/);
  expect(await specOf(page)).toMatchObject({ train: 'live-itw', test: 'biqa-demo', preset: 'paper' });
  await open(page, mock, '#/experiments?template=nonsense&dataset=2');
  await expect(jsonOf(page)).toHaveValue(/"train": "live-itw"/);
  await expect(page.getByText('none chosen')).toBeVisible();
});

test('another link fills the open form anew, one that asks for nothing leaves it, and undo goes back', async ({
  page,
  mock,
}) => {
  await open(page, mock, '#/experiments?dataset=2');
  await expect(jsonOf(page)).toHaveValue(/"train": "live-itw"/);
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill('my own');
  // As a link in the page does: the window stays.
  const follow = (hash: string): Promise<void> =>
    page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
  await follow('#/experiments');
  await expect(page).toHaveURL(/#\/experiments\?dataset=2$/);
  await expect(name).toHaveValue('my own');

  await follow('#/experiments?template=table-5-i&dataset=2&test=1');
  await expect(jsonOf(page)).toHaveValue(/"kind": "cross"/);
  await expect(name).not.toHaveValue('my own');
  await follow('#/experiments?dataset=1');
  await expect(jsonOf(page)).toHaveValue(/"train": "biqa-demo"/);
  await expect(jsonOf(page)).not.toHaveValue(/"kind": "cross"/);

  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.click();
  await expect(jsonOf(page)).toHaveValue(/"kind": "cross"/);
  await expect(page).toHaveURL(/template=table-5-i/);
  await undo.click();
  await expect(name).toHaveValue('my own');
  await expect(page).toHaveURL(/#\/experiments\?dataset=2$/);
  await undo.click(); // what was typed into one field is one step
  await expect(name).not.toHaveValue('my own');
  await expect(undo).toBeDisabled();
});

test('rows that were removed come back', async ({ page, mock }) => {
  await open(page, mock, '#/experiments?dataset=1');
  const ablation = page.getByRole('region', { name: 'Ablation', exact: true });
  await ablation.getByRole('button', { name: 'Add a row' }).click();
  await ablation.getByRole('textbox', { name: 'label of row 1' }).fill('kept');
  await ablation.getByRole('button', { name: 'Remove all' }).click();
  await expect(ablation).toContainText('one run: the form');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(ablation.getByRole('textbox', { name: 'label of row 1' })).toHaveValue('kept');
});

test('every protocol has its own fields, and a spec that can run', async ({ page, mock }) => {
  await open(page, mock, '#/experiments?dataset=1');
  const protocol = page.getByRole('combobox', { name: 'Protocol' });
  const form = page.getByRole('region', { name: 'Form' });
  const FIELDS: Record<string, string[]> = {
    cv: ['folds', 'fold seed'],
    cross: [],
    finetune: [
      'folds',
      'MC-dropout passes',
      'finetuning epochs',
      'finetuning learning rate',
      'finetuning batch',
    ],
    split: ['repeats'],
    official: [],
    fraction: ['folds', 'fold seed'],
  };
  for (const [kind, fields] of Object.entries(FIELDS)) {
    await protocol.selectOption(kind);
    await expect(jsonOf(page)).toHaveValue(new RegExp(`"kind": "${kind}"`));
    for (const field of fields)
      await expect(form.getByRole('spinbutton', { name: field, exact: true })).toBeVisible();
    await expect(form.getByRole('combobox', { name: 'Test on' })).toHaveCount(
      kind === 'cross' || kind === 'finetune' ? 1 : 0,
    );
    await expect(runButton(page)).toBeEnabled();
  }
  await expect(page.getByRole('region', { name: 'What will run' })).toContainText('4 runs');
  await form.getByRole('textbox', { name: 'fractions' }).fill('0.1, 1');
  await form.getByRole('textbox', { name: 'fractions' }).press('Enter');
  await expect(page.getByRole('region', { name: 'What will run' })).toContainText('2 runs');
  await form.getByRole('textbox', { name: 'one member per seed' }).fill('1 2 3');
  await form.getByRole('textbox', { name: 'one member per seed' }).press('Enter');
  expect(await specOf(page)).toMatchObject({
    protocol: { fractions: [0.1, 1] },
    ensemble: { seeds: [1, 2, 3] },
  });
  await form.getByRole('textbox', { name: 'one member per seed' }).fill('');
  await form.getByRole('textbox', { name: 'one member per seed' }).press('Enter');
  await expect(jsonOf(page)).not.toHaveValue(/ensemble/);
});

test('a mistake is shown at its field and at its line, and goes away', async ({ page, mock }) => {
  await open(page, mock, '#/experiments?dataset=1');
  const folds = page.getByRole('spinbutton', { name: 'folds' });
  await folds.fill('1');
  await folds.press('Enter');
  await expect(folds).toHaveAttribute('aria-invalid', 'true');
  await expect(folds).toHaveAccessibleDescription(/Too small/);
  const problems = page.getByRole('list', { name: 'Problems in the JSON' });
  await expect(problems).toContainText('protocol.folds');
  await problems.getByRole('button').click();
  const selected = await page.evaluate('String(getSelection())');
  expect(selected).toMatch(/"folds": 1/);
  await expect(runButton(page)).toBeDisabled();
  await shoot(page, 'experiments-mistake');
  await folds.fill('');
  await folds.press('Enter');
  await expect(folds).toHaveValue('5');
  await expect(folds).toHaveAttribute('aria-invalid', 'false');
  await expect(problems).toBeHidden();
  await jsonOf(page).fill('{\n  "version": 1,\n  oops\n}');
  await expect(problems.getByRole('button', { name: 'line 3' })).toBeVisible();
  await expect(
    page.getByRole('region', { name: 'Form' }).getByRole('textbox', { name: 'Name' }),
  ).toBeDisabled();
});

test('64 rows of an ablation stay usable', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/experiments?dataset=1');
  await expect(runButton(page)).toBeEnabled();
  const ablation = page.getByRole('region', { name: 'Ablation', exact: true });
  await ablation.getByRole('button', { name: 'Every gate input' }).click();
  const streams = ((await specOf(page))['streams'] as string[]).length;
  await expect(ablation.getByRole('row')).toHaveCount(streams + 2);
  await ablation.getByRole('button', { name: 'All stream subsets' }).click();
  await expect(ablation.getByRole('row')).toHaveCount(2 ** streams);
  const spec = await specOf(page);
  const rows = Array.from({ length: 63 }, (_, i) => ({ label: `row ${i + 1}`, streams: ['nss'] }));
  await jsonOf(page).fill(JSON.stringify({ ...spec, ablation: rows }));
  await ablation.getByRole('button', { name: 'Add a row' }).click();
  await expect(ablation.getByRole('textbox', { name: 'label of row 64' })).toBeFocused();
  await expect(ablation.getByRole('textbox', { name: 'label of row 64' })).toBeInViewport();
  await page.keyboard.type('the last one');
  await expect(ablation.getByRole('button', { name: 'Add a row' })).toBeDisabled();
  await expect(ablation.getByRole('button', { name: 'Static and gated' })).toBeDisabled();
  await expect(page.getByRole('region', { name: 'What will run' })).toContainText('64 runs');
  await expect(page.getByRole('region', { name: 'Runs', exact: true })).toContainText('the last one');
  const height = await ablation.evaluate((element) => element.getBoundingClientRect().height);
  expect(height).toBeLessThan(560);
  await checkWithAxe(page, '64 rows', findings);
  await shoot(page, 'experiments-64-rows');
  await ablation.getByRole('checkbox', { name: 'nss in row 64' }).uncheck();
  await expect(ablation.getByRole('textbox', { name: 'label of row 64' })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await ablation.getByRole('button', { name: 'Remove row 64' }).click();
  await expect(ablation.getByRole('row')).toHaveCount(64);
  await ablation.getByRole('button', { name: 'Remove all' }).click();
  await expect(jsonOf(page)).not.toHaveValue(/ablation/);
});

test('a second experiment waits for the first, and says so', async ({ page, mock }) => {
  mock.catalog.jobs.sequential = true;
  await open(page, mock, '#/experiments?dataset=1');
  await runButton(page).click();
  const queue = page.getByRole('region', { name: 'Queue' });
  await expect(queue.getByRole('listitem')).toHaveCount(1);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('the second');
  await expect(runButton(page)).toBeEnabled();
  await runButton(page).click();
  await expect(queue).toContainText('Waits for 1 job before it');
  await queue
    .getByRole('listitem')
    .filter({ hasText: 'the second' })
    .getByRole('button', { name: 'Cancel' })
    .click();
  await expect(queue).not.toContainText('the second');
});
