// What the dialogs with a form have in common: complaints beside fields, one note, and work that may fail.
import { RefObject, useRef, useState } from 'react';
import { explain } from '../explain';
import type { Complaints } from '../logic/organisation';
import { focusFirst } from '../parts/Field';
import type { Note } from '../parts/Notes';
import { texts } from '../texts';
import { failure } from './failure';

export interface FormState {
    /** Goes around the fields. */
    form: RefObject<HTMLDivElement>;
    complaints: Complaints;
    note: Note | null;
    setNote: (note: Note) => void;
    isBusy: boolean;
    /** Shows what is wrong with the fields and goes to the first of them; true when nothing is. */
    isSound: (found: Complaints) => boolean;
    /** Does what takes a while, and says so meanwhile; a failure is told, beside its field if it has one. */
    work: (said: string, doIt: () => Promise<void>) => Promise<void>;
}

/** `reveal` brings fields with complaints into sight before the focus goes there. */
export function useForm(reveal: (found: Complaints) => void = () => undefined): FormState {
    const [complaints, setComplaints] = useState<Complaints>({});
    const [note, setNote] = useState<Note | null>(null);
    const [isBusy, setBusy] = useState(false);
    const form = useRef<HTMLDivElement>(null);

    const isSound = (found: Complaints): boolean => {
        setComplaints(found);
        const fields = Object.keys(found);
        if (!fields.length) return true;
        reveal(found);
        setNote({ type: 'error', text: texts.organisation.fix(fields.length) });
        setTimeout(() => focusFirst(form.current, fields));
        return false;
    };
    const work = async (said: string, doIt: () => Promise<void>): Promise<void> => {
        setBusy(true);
        setComplaints({});
        setNote({ type: 'info', text: said });
        try {
            await doIt();
        } catch (problem) {
            const told = explain(problem);
            if (told.field) isSound({ [told.field]: told.text });
            setNote(failure(problem, setNote));
        }
        setBusy(false);
    };
    return { form, complaints, note, setNote, isBusy, isSound, work };
}
