// npm run docs: writes the reference pages that come out of tables in the code. A test compares them with the code.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runMain, setUp } from './setup.mjs';

await runMain(async () => {
  setUp();
  const [{ configReference }, { configJsonSchema }, { exampleConfig }, { cliReference }, { apiReference }] =
    await Promise.all([
      import('../dist/config/reference.js'),
      import('../dist/config/json-schema.js'),
      import('../dist/config/example.js'),
      import('../dist/cli/reference.js'),
      import('../dist/api/reference.js'),
    ]);
  /** @type {[file: string, text: string][]} */
  const pages = [
    ['docs/config.md', configReference()],
    ['docs/config.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
    ['docs/cli.md', cliReference()],
    ['packaging/tsbgp.yml', exampleConfig()],
    ['docs/api.md', apiReference()],
  ];
  for (const [file, text] of pages) {
    writeFileSync(join(ROOT, file), text);
    console.log(`${file} written`);
  }
});
