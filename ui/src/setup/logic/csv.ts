// CSV as Python's strict reader and Splunk read it: commas, double quotes, a line number for each row.

export interface CsvRow {
    /** Number of the line on which the row ends, from 1. */
    line: number;
    cells: string[];
}

export class CsvError extends Error {
    constructor(
        readonly line: number,
        readonly reason: string,
    ) {
        super(reason);
    }
}

/** Splits a file into rows; empty lines are rows without cells. Throws CsvError. */
export function parseCsv(text: string): CsvRow[] {
    const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
    const rows: CsvRow[] = [];
    let [line, at] = [1, 0];
    while (at < source.length) {
        const cells: string[] = [];
        for (;;) {
            let cell = '';
            if (source[at] === '"') {
                for (at += 1; ; at += 1) {
                    if (at >= source.length) {
                        throw new CsvError(line - (source.endsWith('\n') ? 1 : 0), 'unexpected end of data');
                    }
                    if (source[at] === '\n') line += 1;
                    if (source[at] !== '"') cell += source[at];
                    else if (source[at + 1] === '"') {
                        cell += '"';
                        at += 1;
                    } else break;
                }
                at += 1;
                if (at < source.length && source[at] !== ',' && source[at] !== '\n') {
                    throw new CsvError(line, "',' expected after '\"'");
                }
            } else {
                while (at < source.length && source[at] !== ',' && source[at] !== '\n') cell += source[at++];
            }
            cells.push(cell);
            if (source[at] !== ',') break;
            at += 1;
        }
        if (cells.some((cell) => cell.includes('\0'))) throw new CsvError(line, 'line contains NUL');
        at += 1; // the end of the line
        rows.push({ line, cells: cells.length === 1 && cells[0] === '' ? [] : cells });
        line += 1;
    }
    return rows;
}

/** The text of a file: header and rows, quoted where needed. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
    return rows.map((cells) => cells.map(quoted).join(',') + '\n').join('');
}

function quoted(cell: string): string {
    return /[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell;
}
