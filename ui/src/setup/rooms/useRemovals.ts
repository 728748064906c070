// Removing with a way back: a secret that is gone cannot be put back, so the organisation is switched off first and
// removed, with its secrets, some seconds later. A page that is closed in between leaves it off, and whole.
import { useCallback, useEffect, useRef, useState } from 'react';
import type * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import * as flows from '../flows/organisations';
import type { Note } from '../parts/Notes';
import { texts } from '../texts';
import { failure } from './failure';

const SECONDS = 10;
const words = texts.organisation;

export interface Removals {
    /** Name -> seconds that are left. */
    pending: Record<string, number>;
    begin: (organisation: splunkd.Organisation) => Promise<void>;
    undo: (name: string) => Promise<void>;
}

export function useRemovals(tell: (note: Note) => void, onChanged: () => Promise<void>): Removals {
    const [pending, setPending] = useState<Record<string, number>>({});
    const waiting = useRef(new Map<string, { organisation: splunkd.Organisation; timer: number }>());
    const asked = useRef(new Set<string>());

    const forget = useCallback((name: string) => {
        const known = waiting.current.get(name);
        if (known) clearInterval(known.timer);
        waiting.current.delete(name);
        setPending((present) => Object.fromEntries(Object.entries(present).filter(([other]) => other !== name)));
    }, []);

    const finish = useCallback(
        async (organisation: splunkd.Organisation) => {
            forget(organisation.name);
            try {
                await flows.remove(organisation.name, organisation.settings);
                tell({ type: 'success', text: words.removed(organisation.name) });
            } catch (problem) {
                tell(failure(problem, tell));
            }
            await onChanged();
        },
        [forget, onChanged, tell],
    );

    const begin = useCallback(
        async (organisation: splunkd.Organisation) => {
            const { name } = organisation;
            if (asked.current.has(name) || waiting.current.has(name)) return;
            asked.current.add(name);
            try {
                if (!organisation.disabled) await flows.turn(name, false);
            } catch (problem) {
                tell({ type: 'error', text: texts.flows.notSwitchedOff(name, explain(problem).text) });
                await onChanged();
                return;
            } finally {
                asked.current.delete(name);
            }
            let left = SECONDS;
            const timer = window.setInterval(() => {
                left -= 1;
                if (left > 0) setPending((present) => ({ ...present, [name]: left }));
                else void finish(organisation);
            }, 1000);
            waiting.current.set(name, { organisation, timer });
            setPending((present) => ({ ...present, [name]: left }));
            tell({
                type: 'info',
                text: words.removingSoon(name, SECONDS),
                action: { label: texts.undo, run: () => void undoRef.current(name) },
            });
        },
        [finish, onChanged, tell],
    );

    const undo = useCallback(
        async (name: string) => {
            const known = waiting.current.get(name);
            if (!known) return;
            forget(name);
            try {
                if (!known.organisation.disabled) await flows.turn(name, true);
                tell({ type: 'success', text: words.kept(name) });
            } catch (problem) {
                tell({ type: 'error', text: words.keptOff(name, explain(problem).text) });
            }
            await onChanged();
        },
        [forget, onChanged, tell],
    );
    const undoRef = useRef(undo);
    undoRef.current = undo;

    useEffect(() => {
        const known = waiting.current;
        return () => known.forEach(({ timer }) => clearInterval(timer));
    }, []);

    return { pending, begin, undo };
}
