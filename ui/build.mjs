// Builds the setup page: node ui/build.mjs <folder>. One file that Splunk Web loads, and its licence notices.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

import { notices } from './notices.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const into = resolve(process.argv[2] ?? join(root, '../appserver/static/pages'));
mkdirSync(into, { recursive: true });

const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/setup/index.tsx', out: 'setup_page' }],
    outdir: into,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: ['es2020'],
    jsx: 'automatic',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    preserveSymlinks: true,
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    // Splunk Web has RequireJS on the page: a bundled module that sees `define` would register there, without a name,
    // instead of giving the bundle what it exports.
    banner: { js: '/* Licences: setup_page.licenses.txt */;(function(define){' },
    footer: { js: '})(undefined);' },
    logLevel: 'warning',
});
writeFileSync(join(into, 'setup_page.licenses.txt'), notices(result.metafile.inputs, root, 'setup_page.js'));
