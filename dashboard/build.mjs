// npm run build: the page's modules as two files, for one request each: the page, and ECharts, which can come later.
import { build } from 'esbuild';
import { rmSync } from 'node:fs';

rmSync('build', { recursive: true, force: true });
await build({
  entryPoints: ['page/main.mjs'],
  outdir: 'build',
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
