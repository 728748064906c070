// How an organisation is doing, from the summary lines of its runs.
import type { Row } from '../api/splunkd';
import { texts } from '../texts';
import { number, span } from './words';

export interface Run {
    input: string;
    host: string;
    /** Epoch seconds. */
    last: number;
    outcome: string;
    reason: string;
    lagSeconds: number | null;
    entriesToday: number;
}

export type Mood = 'good' | 'warning' | 'bad' | 'off' | 'unknown';

export interface Status {
    mood: Mood;
    word: string;
    detail: string;
    lastRun: string;
    lag: string;
    entriesToday: string;
}

const text = (value: string | string[] | undefined): string => (Array.isArray(value) ? value.join(' ') : (value ?? ''));

export function runs(rows: Row[]): Run[] {
    return rows.map((row) => ({
        input: text(row.input),
        host: text(row.host),
        last: Number(text(row.last)),
        outcome: text(row.outcome),
        reason: text(row.reason),
        lagSeconds: text(row.lag_seconds) === '' ? null : Number(text(row.lag_seconds)),
        entriesToday: Number(text(row.entries_today) || 0),
    }));
}

/** Behind by more than this is worth a word. */
const LAG_SECONDS = 3_600;

/** Seconds between two runs; a cron line is taken as hourly. */
function interval(line: string): number {
    const seconds = Number(line);
    return Number.isFinite(seconds) && seconds > 0 ? seconds : 3_600;
}

/**
 * @param found runs of this organisation by host, or null while they are looked for.
 * @param now epoch seconds.
 */
export function status(disabled: boolean, every: string, found: Run[] | null, now: number): Status {
    const words = texts.status;
    const nothing = { lastRun: words.none, lag: words.none, entriesToday: words.none };
    if (found === null) return { mood: 'unknown', word: words.looking, detail: '', ...nothing };
    const run = [...found].sort((one, other) => other.last - one.last)[0];
    if (!run) {
        return disabled
            ? { mood: 'off', word: words.off, detail: words.offNever, ...nothing }
            : { mood: 'unknown', word: words.never, detail: words.neverDetail, ...nothing };
    }
    const age = Math.max(0, now - run.last);
    const figures = {
        lastRun: words.ago(span(age)),
        lag: run.lagSeconds === null ? words.none : span(run.lagSeconds),
        entriesToday: number(found.reduce((sum, one) => sum + one.entriesToday, 0)),
    };
    if (disabled) return { mood: 'off', word: words.off, detail: words.offDetail, ...figures };
    if (run.outcome === 'refused' || run.outcome === 'crashed') {
        return { mood: 'bad', word: words.stopped, detail: run.reason || words.noReason, ...figures };
    }
    if (age > 3 * interval(every) + 300) {
        return { mood: 'bad', word: words.silent, detail: words.silentDetail(span(age)), ...figures };
    }
    if (run.outcome === 'failed' || run.outcome === 'rate_limited') {
        return { mood: 'warning', word: words.waiting, detail: run.reason || words.noReason, ...figures };
    }
    if ((run.lagSeconds ?? 0) > LAG_SECONDS) {
        return { mood: 'warning', word: words.behind, detail: words.behindDetail(span(run.lagSeconds ?? 0)), ...figures };
    }
    return { mood: 'good', word: words.working, detail: '', ...figures };
}
