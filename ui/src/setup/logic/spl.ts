// The searches that read and write what Splunk keeps in tables. Knows SPL's quoting, no endpoint.
import type { Column } from '../shipped';

/** A list that one search may write; longer ones go through Splunk's own page for lookup files. */
export const MOST_ROWS = 1_000;
export const MOST_CHARACTERS = 100_000;

const SIGNS = /["\\`\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** JSON for the inside of a quoted SPL text: no sign in it that means something to SPL stands for itself. */
function json(value: unknown): string {
    const text = JSON.stringify(value, (_, inner: unknown) =>
        typeof inner === 'string' ? inner.replace(SIGNS, (sign) => `\uE000${code(sign)}`) : inner,
    );
    // JSON's own quotes are escaped for SPL; those within values have become numbers.
    return text.replace(/"/g, '\\"').replace(/\uE000/g, '\\u');
}

const code = (sign: string): string => sign.charCodeAt(0).toString(16).padStart(4, '0');

export function readLookup(name: string): string {
    return `| inputlookup ${name}`;
}

/**
 * A search that replaces a list. An emptied file keeps its columns through one empty row, which means nothing to any
 * alert: outputlookup without a result would leave a file without a header. A collection of the KV store has no header.
 */
export function writeLookup(
    name: string,
    columns: Column[],
    rows: readonly (readonly string[])[],
    inStore = false,
): string {
    const names = columns.map((column) => column.name);
    const write = `| table ${names.join(' ')}\n| outputlookup ${name}`;
    if (!rows.length && inStore) return `| makeresults\n| where 1=0\n${write}`;
    const filled = rows.length ? rows : [names.map(() => '')];
    const records = filled.map((cells) => Object.fromEntries(names.map((column, place) => [column, cells[place] ?? ''])));
    // A column without any cell would be lost; an empty text is one.
    return (
        `| makeresults format=json data="${json(records)}"\n` +
        `| fillnull value="" ${names.join(' ')}\n${write}`
    );
}

/** Whether a list fits into one search; the sentence about it is the page's. */
export function isTooLong(columns: Column[], rows: readonly (readonly string[])[]): boolean {
    return rows.length > MOST_ROWS || writeLookup('x', columns, rows).length > MOST_CHARACTERS;
}

/** The app's own check of the file as it now stands. `asked` makes the question a new one. */
export function checkLookup(name: string, asked: string): string {
    return (
        `| makeresults\n| eval file="${name}", asked="${asked}"\n` +
        '| lookup local=true slack_audit_lookup_check file asked OUTPUT problems\n| table problems'
    );
}

/** One row for each organisation and host: its latest run and what came in today. */
export const RUNS =
    'search index=_internal source="*slack_audit_monitor.log*" input=* event="run_finished"\n' +
    '| eval entries_today=if(_time>=relative_time(now(), "@d"), tonumber(entries), 0)\n' +
    '| stats max(_time) AS last latest(outcome) AS outcome latest(reason) AS reason latest(lag_seconds) AS lag_seconds\n' +
    '    latest(position) AS position sum(entries_today) AS entries_today count AS runs\n' +
    '    BY input host';
