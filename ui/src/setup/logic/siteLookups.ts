// What is wrong with a list of site knowledge, said in the words of the app's own check
// (bin/slack_audit_monitor/site_lookups.py): a test plays the same files through both.
import type { Column } from '../shipped';
import { isNetwork } from './addresses';
import { CsvError, CsvRow, parseCsv } from './csv';

export const MOST_TOLD = 20;
const LONGEST_SHOWN = 60;

/** Python's repr of a text. */
function repr(text: string): string {
    const plain = text.replace(/\\/g, '\\\\');
    return plain.includes("'") && !plain.includes('"') ? `"${plain}"` : `'${plain.replace(/'/g, "\\'")}'`;
}

function shown(text: string): string {
    const clean = [...text].map((sign) => (sign !== ' ' && /[\p{C}\p{Z}|]/u.test(sign) ? '?' : sign));
    return repr(clean.length <= LONGEST_SHOWN ? clean.join('') : `${clean.slice(0, LONGEST_SHOWN).join('')}...`);
}

function isZone(text: string): boolean {
    if (!/^[A-Za-z]/.test(text)) return false; // an offset is no name
    try {
        new Intl.DateTimeFormat('en', { timeZone: text });
    } catch {
        return false;
    }
    // A browser does not mind capitals, a tz database does.
    const known = Intl.supportedValuesOf('timeZone');
    return known.includes(text) || !known.some((zone) => zone.toLowerCase() === text.toLowerCase());
}

function isDate(text: string): boolean {
    if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
    const day = new Date(`${text}T00:00:00Z`);
    return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const APP_ID = /^[AUW][A-Z0-9]+$/;
const app = (text: string): string | null =>
    APP_ID.test(text) ? null : `${shown(text)} is no app id; write A and capitals or digits, as A0EXAMPLE (never a name)`;

/** Kind of cell -> what is wrong with one, or null. The names are those of the functions in site_lookups.py. */
const CHECKS: Record<string, (text: string) => string | null> = {
    network: (text) =>
        isNetwork(text) ? null : `${shown(text)} is no address range; write 192.0.2.0/24 or 2001:db8::/48`,
    zone: (text) =>
        isZone(text) ? null : `${shown(text)} is no time zone; write a name of the tz database, as Europe/Berlin`,
    days: (text) =>
        /^\s*[1-7](\s*-\s*[1-7])?([\s,;]*[1-7](\s*-\s*[1-7])?)*\s*$/.test(text)
            ? null
            : `days ${shown(text)}: use numbers 1 (Monday) to 7 (Sunday), as 1-5 or 7,1,2,3,4`,
    clock: (text) =>
        /^(([01]?\d|2[0-3]):[0-5]\d|24:00)$/.test(text.trim())
            ? null
            : `time ${shown(text)}: use HH:MM from 00:00 to 24:00`,
    date: (text) => (isDate(text) ? null : `${shown(text)} is no date; write YYYY-MM-DD`),
    moment: (text) =>
        /^(\d{9,11}|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d{4}))?)?$/.test(text)
            ? null
            : `${shown(text)} is no date; write YYYY-MM-DD`,
    verdict: (text) =>
        ['keep', 'watch', 'restrict', 'remove'].includes(text)
            ? null
            : `${shown(text)} is no verdict; write keep, watch, restrict or remove`,
    number_of_network: (text) =>
        /^(as)?\d{1,10}$/i.test(text) ? null : `${shown(text)} is no network number; write 64500 or AS64500`,
    app,
    agent: (text) => (text.startsWith('server ') ? null : app(text)),
    account: (text) =>
        /^[UW][A-Z0-9]+$/.test(text)
            ? null
            : `${shown(text)} is no account id; write U or W and capitals or digits, as W0EXAMPLE`,
    organisation: (text) =>
        /^[TE][A-Z0-9]+$/.test(text)
            ? null
            : `${shown(text)} is no id of an organisation or workspace; write T0EXAMPLE or E0EXAMPLE`,
    domain: (text) =>
        /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}$/i.test(text)
            ? null
            : `${shown(text)} is no domain; write corp.example, without @`,
    rows: (text) =>
        text === '' || /^(U\d\d|\*)([ ,;]+(U\d\d|\*))*$/.test(text)
            ? null
            : `${shown(text)} names no rows; write them as U02 U07, or leave the cell empty for all`,
    text: () => null,
};

/** What is wrong with one cell, or null. `isKey`: it is of the first column, which may not be empty. */
export function cellProblem(column: Column, cell: string, isKey: boolean): string | null {
    if (isKey && !cell.trim()) return `${column.name} is empty: the row means nothing`;
    const problem =
        cell !== cell.trim()
            ? `${column.name} ${shown(cell)} has blanks around it, so it matches nothing`
            : (CHECKS[column.kind] ?? CHECKS.text)!(cell);
    return problem === null || problem.startsWith(column.name) ? problem : `${column.name} ${problem}`;
}

function rowProblems(columns: Column[], header: string[], row: CsvRow): string[] {
    const found: string[] = [];
    if (row.cells.length > header.length) found.push(`${row.cells.length} cells, the header has ${header.length}`);
    columns.forEach((column, number) => {
        const cell = row.cells[header.lastIndexOf(column.name)];
        if (!header.includes(column.name) || cell === undefined) return; // said once, of the header
        const problem = cellProblem(column, cell, number === 0);
        if (problem !== null) found.push(problem);
    });
    return found.map((problem) => `line ${row.line}: ${problem}`);
}

export interface Checked {
    /** Cells in the order of the list's own columns; [] when something is wrong. */
    rows: string[][];
    problems: string[];
}

/** Judges a whole file. */
export function checkFile(columns: Column[], text: string): Checked {
    const problems: string[] = [];
    let lines: CsvRow[] = [];
    try {
        lines = parseCsv(text);
    } catch (problem) {
        if (!(problem instanceof CsvError)) throw problem;
        return { rows: [], problems: [`from line ${problem.line} on it is no CSV (${problem.reason})`] };
    }
    const names = columns.map((column) => column.name);
    const header = (lines[0]?.cells ?? []).map((name) => name.trim());
    if (!header.some((name) => name)) {
        return { rows: [], problems: [`the file is empty; its first line must be ${names.join(',')}`] };
    }
    const missing = names.filter((name) => !header.includes(name));
    if (missing.length) {
        problems.push(
            `line 1: the column ${missing.join(', ')} is missing; the header must be ${names.join(',')}`,
        );
    }
    const twice = new Set(header.filter((name, place) => header.indexOf(name) !== place));
    const doubled = [...twice].map((name) => shown(name).slice(1, -1)).sort();
    if (doubled.length) problems.push(`line 1: the column ${doubled.slice(0, MOST_TOLD).join(', ')} stands twice`);
    const filled = lines.slice(1).filter((row) => row.cells.some((cell) => cell.trim()));
    for (const row of filled) problems.push(...rowProblems(columns, header, row));
    const rows = problems.length
        ? []
        : filled.map((row) => names.map((name) => row.cells[header.lastIndexOf(name)] ?? ''));
    return { rows, problems: limited(problems) };
}

/** Judges rows that were typed; the lines are counted as in the file that will be written. */
export function checkRows(columns: Column[], rows: readonly (readonly string[])[]): string[] {
    const header = columns.map((column) => column.name);
    return limited(
        rows.flatMap((cells, number) => rowProblems(columns, header, { line: number + 2, cells: [...cells] })),
    );
}

function limited(problems: string[]): string[] {
    const more = problems.length - MOST_TOLD;
    return more > 0 ? [...problems.slice(0, MOST_TOLD), `${more} more`] : problems;
}
