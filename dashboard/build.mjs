// npm run build: the page's modules as two files, for one request each: the page, and ECharts, which can come later.
import { build } from 'esbuild';
import { rmSync } from 'node:fs';

rmSync('build', { recursive: true, force: true });
await build({
  entryPoints: ['page/main.mjs', 'page/echarts.mjs'],
  outdir: 'build',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  plugins: [
    {
      name: 'ECharts stays a file of its own',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\.\/echarts\.mjs$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './echarts.mjs', external: true } : undefined,
        ),
    },
  ],
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
