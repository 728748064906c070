// Builds the pages of the stand-in for Splunk Web: node ui/harness/build.mjs <folder>. Never shipped.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const into = resolve(process.argv[2] ?? join(root, '../../build/ui/harness'));
mkdirSync(into, { recursive: true });

await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['dashboard', 'search', 'triggered', 'list', 'classic', 'login', 'schema'].map((name) => ({
        in: `src/pages/${name}.${name === 'schema' ? 'ts' : 'tsx'}`,
        out: name,
    })),
    outdir: into,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022'],
    jsx: 'automatic',
    charset: 'utf8',
    legalComments: 'none',
    mainFields: ['module', 'browser', 'main'],
    preserveSymlinks: true,
    // RequireJS is on the pages, as in Splunk Web; nothing of ours registers itself there.
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window', define: 'undefined' },
    loader: Object.fromEntries(
        ['woff', 'woff2', 'ttf', 'eot', 'png', 'gif', 'jpg', 'svg'].map((kind) => [`.${kind}`, 'dataurl']),
    ),
    logLevel: 'warning',
});
