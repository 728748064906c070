// Reads and replaces a list of site knowledge; what was there stays at hand until the new one is proven.
import * as splunkd from '../api/splunkd';
import { checkLookup, readLookup, writeLookup } from '../logic/spl';
import type { ShippedLookup } from '../shipped';
import { texts } from '../texts';

export type Rows = string[][];

export async function read(list: ShippedLookup): Promise<Rows> {
    const found = await splunkd.search(readLookup(list.name));
    return found
        .map((row) =>
            list.columns.map((column) => {
                const cell = row[column.name];
                return Array.isArray(cell) ? cell.join(' ') : (cell ?? '');
            }),
        )
        .filter((cells) => cells.some((cell) => cell !== ''));
}

/** The KV store keeps no order. */
const same = (one: Rows, other: Rows): boolean => {
    const text = (rows: Rows): string => JSON.stringify(rows.map((cells) => JSON.stringify(cells)).sort());
    return text(one) === text(other);
};

export interface Written {
    rows: Rows;
    /** What the app's own check says of the file as it now stands. */
    problems: string[];
}

/** Writes a list and reads it back. Throws when Splunk holds something else afterwards. */
export async function write(list: ShippedLookup, rows: Rows): Promise<Written> {
    await splunkd.search(writeLookup(list.name, list.columns, rows, list.inStore));
    const stored = await read(list);
    if (!same(stored, rows)) throw new Error(texts.siteLists.storedOtherwise);
    return { rows: stored, problems: await ownCheck(list.name) };
}

async function ownCheck(name: string): Promise<string[]> {
    const answer = await splunkd.search(checkLookup(name, String(Date.now()))).catch(() => []);
    const said = answer[0]?.problems;
    const text = Array.isArray(said) ? said.join('|') : (said ?? '');
    return text ? text.split('|') : [];
}
