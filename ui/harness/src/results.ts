/** Runs searches as Splunk's search page does: a job, its state until it is over, its results. */
import { rest, type Feed } from './shell/rest';

export interface JobState {
    sid: string;
    search: string;
    label: string;
    dispatchState: string;
    isDone: boolean;
    isFailed: boolean;
    resultCount: number;
    eventAvailableCount: number;
    earliestTime: string;
    latestTime: string;
    runDuration: string;
    messages: Record<string, string[]>;
    request?: { search?: string; earliest?: string; latest?: string };
}

export type Cell = string | string[];
export type Row = Record<string, Cell>;

export interface Results {
    fields: { name: string }[];
    results: Row[];
}

export const MOST_ROWS = 100;

/** What a person typed, as a search command. */
export function asCommand(text: string): string {
    const trimmed = text.trim();
    return trimmed.startsWith('|') || /^search\s/.test(trimmed) ? trimmed : `search ${trimmed}`;
}

export async function dispatch(app: string, text: string, earliest: string, latest: string): Promise<string> {
    const made = await rest<{ sid: string }>('search/jobs', app, {
        method: 'POST',
        form: { search: asCommand(text), earliest_time: earliest, latest_time: latest },
    });
    return made.sid;
}

export async function stateOf(app: string, sid: string): Promise<JobState> {
    const feed = await rest<Feed<JobState>>(`search/jobs/${encodeURIComponent(sid)}`, app);
    const entry = feed.entry[0];
    if (!entry) throw new Error('This search job is not there any more.');
    return entry.content;
}

export async function untilDone(app: string, sid: string, stopped: () => boolean): Promise<JobState> {
    for (;;) {
        const state = await stateOf(app, sid);
        if (state.isDone || stopped()) return state;
        await new Promise((resolve) => {
            window.setTimeout(resolve, 150);
        });
    }
}

export async function resultsOf(app: string, sid: string, count = MOST_ROWS): Promise<Results> {
    const found = await rest<Results | undefined>(`search/jobs/${encodeURIComponent(sid)}/results`, app, {
        query: { count },
    });
    return found ?? { fields: [], results: [] };
}

/** Rows of a search that a page needs for itself. */
export async function rowsOf(app: string, text: string, earliest: string, latest: string): Promise<Row[]> {
    const found = await rest<Results>('search/jobs', app, {
        method: 'POST',
        form: { search: text, earliest_time: earliest, latest_time: latest, exec_mode: 'oneshot', count: 0 },
    });
    return found.results;
}

export const first = (cell: Cell | undefined): string => (Array.isArray(cell) ? (cell[0] ?? '') : (cell ?? ''));
