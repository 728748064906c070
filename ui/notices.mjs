// Licence notices of a bundle: which packages went into it, under which licence, with the texts that they carry.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|notice|copying)(-\w+)?(\.(md|txt|markdown))?$/i;

/** The folder of the package that `file` belongs to, or null for our own source. */
function packageOf(file) {
    const parts = file.split('/');
    const at = parts.lastIndexOf('node_modules');
    if (at < 0) return null;
    const length = parts[at + 1].startsWith('@') ? 3 : 2;
    return parts.slice(0, at + length).join('/');
}

/** The notice as text. `inputs` are esbuild's: the files that shaped the bundle, below `root`. */
export function notices(inputs, root, bundle) {
    const folders = new Set(Object.keys(inputs).map(packageOf).filter(Boolean));
    const entries = new Map();
    for (const folder of folders) {
        const home = join(root, folder);
        if (!existsSync(join(home, 'package.json'))) continue;
        const facts = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
        if (!facts.name || !facts.version) continue;
        const files = readdirSync(home).filter((name) => LICENCE_FILE.test(name)).sort();
        const texts = files.map((name) => readFileSync(join(home, name), 'utf8').replace(/\r\n/g, '\n').trim());
        // Some packages name their licence and forget its text.
        const ours = join(root, 'licences', `${facts.name.replace(/^@/, '').replace('/', '-')}.txt`);
        if (texts.length === 0 && existsSync(ours)) texts.push(readFileSync(ours, 'utf8').trim());
        const licence = typeof facts.license === 'string' ? facts.license : facts.license?.type;
        if (!licence && texts.length === 0) throw new Error(`${facts.name} ${facts.version} names no licence`);
        const author = typeof facts.author === 'string' ? facts.author : facts.author?.name;
        entries.set(`${facts.name} ${facts.version}`, { licence: licence ?? 'see its text', texts, author });
    }
    const names = [...entries.keys()].sort((one, other) => (one < other ? -1 : 1));
    // One copy of each text, however many packages carry it.
    const numbers = new Map();
    for (const name of names) {
        for (const text of entries.get(name).texts) if (!numbers.has(text)) numbers.set(text, numbers.size + 1);
    }
    const lines = [`Third-party software in ${bundle}`, '', 'Bundled and minified, otherwise unchanged.', ''];
    for (const name of names) {
        const { licence, texts, author } = entries.get(name);
        lines.push(name, `  licence: ${licence}`);
        if (author) lines.push(`  author:  ${author}`);
        const where = texts.map((text) => `text ${numbers.get(text)} below`).join(', ');
        lines.push(`  text:    ${where || (licence === 'Apache-2.0' ? 'LICENSE of this app' : 'none in the package')}`, '');
    }
    for (const [text, number] of numbers) lines.push('-'.repeat(80), `Text ${number}`, '', text, '');
    return lines.join('\n');
}

