// Switches searches: one, which is shown at once and goes back when Splunk refuses, or many, a few at a time.
import type { Facts } from '../App';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import type { Note } from '../parts/Notes';
import { texts } from '../texts';

/** Turns the switch of one search around; false when Splunk refuses. */
export async function flip(
    search: splunkd.SavedSearch,
    title: string,
    change: (by: (facts: Facts) => Facts) => void,
    tell: (note: Note) => void,
): Promise<boolean> {
    const on = search.disabled;
    const mark = (disabled: boolean): void =>
        change((present) => ({
            ...present,
            searches: present.searches.map((one) => (one.name === search.name ? { ...one, disabled } : one)),
        }));
    mark(!on);
    try {
        await splunkd.switchSearch(search.name, on);
        tell({ type: 'success', text: texts.alerts.switched(title, on) });
        return true;
    } catch (problem) {
        mark(on);
        tell({ type: 'error', text: `${title}: ${explain(problem).text}` });
        return false;
    }
}

const AT_ONCE = 4;

export interface Switched {
    done: number;
    /** What stopped it, or null. */
    problem: unknown;
}

export async function switchAll(names: string[], on: boolean, tell: (done: number) => void): Promise<Switched> {
    const waiting = [...names];
    let done = 0;
    let problem: unknown = null;
    const worker = async (): Promise<void> => {
        while (problem === null) {
            const name = waiting.shift();
            if (name === undefined) return;
            try {
                await splunkd.switchSearch(name, on);
                done += 1;
                tell(done);
            } catch (caught) {
                problem = caught;
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return { done, problem };
}
