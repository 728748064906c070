// Small hooks: something to load, something that lives only as long as the page.
import { useCallback, useEffect, useRef, useState } from 'react';
import { explain } from '../explain';

export interface Loaded<Value> {
    value: Value | null;
    problem: string;
    reload: () => Promise<void>;
    /** As reload, but leaves it at a question that is still open. */
    look: () => Promise<void>;
    /** Changes what is shown without asking Splunk again. */
    change: (by: (value: Value) => Value) => void;
}

/** Loads once, and again on request; a late answer to an earlier question is dropped. */
export function useLoaded<Value>(load: () => Promise<Value>): Loaded<Value> {
    const [value, setValue] = useState<Value | null>(null);
    const [problem, setProblem] = useState('');
    const asked = useRef(0);
    const open = useRef(0);
    const how = useRef(load);
    how.current = load;
    const reload = useCallback(async () => {
        const mine = ++asked.current;
        open.current += 1;
        try {
            const found = await how.current();
            if (mine === asked.current) {
                setValue(() => found);
                setProblem('');
            }
        } catch (caught) {
            if (mine === asked.current) setProblem(explain(caught).text);
        } finally {
            open.current -= 1;
        }
    }, []);
    const look = useCallback(async () => {
        if (open.current === 0) await reload();
    }, [reload]);
    useEffect(() => {
        void reload();
        return () => {
            asked.current += 1;
        };
    }, [reload]);
    const change = useCallback((by: (value: Value) => Value) => {
        setValue((present) => (present === null ? present : by(present)));
    }, []);
    return { value, problem, reload, look, change };
}

/** Seconds since 1970, moved on every so often. */
export function useNow(everySeconds: number): number {
    const [now, setNow] = useState(() => Date.now() / 1000);
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now() / 1000), everySeconds * 1000);
        return () => clearInterval(timer);
    }, [everySeconds]);
    return now;
}

/** Does something every so often while the page is in sight. */
export function useEvery(seconds: number, act: () => Promise<void>): void {
    useEffect(() => {
        const timer = setInterval(() => {
            if (document.visibilityState === 'visible') void act();
        }, seconds * 1000);
        return () => clearInterval(timer);
    }, [seconds, act]);
}
